"""Deadlines in working days (PIPL 50): holidays, make-up workdays, years that nobody has published yet."""

from datetime import UTC, date, datetime

import pytest

from crm_adapter.rights.working_days import ZONE, HolidaysFault, WorkingDays


def end_of(*day):
    """The moment after the last one of a day."""
    return datetime(*day, tzinfo=ZONE)


def test_a_week_without_holidays():
    deadline = WorkingDays().deadline(datetime(2026, 11, 6, 9, tzinfo=ZONE), 5)
    assert deadline.at == end_of(2026, 11, 14)  # a Friday; the next Friday's end
    assert not deadline.provisional


def test_chinese_new_year_with_its_make_up_saturdays():
    # 2026: off from 15 to 23 February; worked on Saturday 14 and Saturday 28 February.
    deadline = WorkingDays().deadline(datetime(2026, 2, 12, 9, tzinfo=ZONE), 15)
    # 13, 14, 24, 25, 26, 27, 28 February; 2 to 6 March; 9, 10, 11 March
    assert deadline.at == end_of(2026, 3, 12)
    assert not deadline.provisional


def test_national_day_with_its_make_up_workdays():
    # 2026: off from 1 to 7 October and on 25 September; worked on Sunday 20 September and Saturday 10 October.
    deadline = WorkingDays().deadline(datetime(2026, 9, 18, 9, tzinfo=ZONE), 15)
    # 20 to 24, 28, 29, 30 September; 8, 9, 10, 12, 13, 14, 15 October
    assert deadline.at == end_of(2026, 10, 16)


def test_the_day_is_china_s_whatever_the_clock_of_the_machine():
    late = datetime(2026, 11, 5, 17, tzinfo=UTC)  # already Friday the 6th in Shanghai
    assert WorkingDays().deadline(late, 1).at == end_of(2026, 11, 10)


def test_a_year_without_a_calendar_counts_weekdays_and_says_so():
    deadline = WorkingDays().deadline(datetime(2027, 2, 4, 9, tzinfo=ZONE), 15)
    assert deadline.at == end_of(2027, 2, 26)
    assert deadline.provisional


def test_a_deadline_that_only_ends_in_such_a_year_is_provisional():
    assert WorkingDays().deadline(datetime(2026, 12, 20, 9, tzinfo=ZONE), 15).provisional
    assert not WorkingDays().deadline(datetime(2026, 12, 1, 9, tzinfo=ZONE), 15).provisional


def test_the_file_overrides_the_calendar_and_makes_a_year_known(tmp_path):
    file = tmp_path / "holidays.yml"
    file.write_text("holidays: [2027-02-08, 2027-02-09]\nworkdays: [2027-02-14]\n")
    days = WorkingDays.read(file)
    assert not days.is_worked(date(2027, 2, 8))
    assert days.is_worked(date(2027, 2, 14))
    deadline = days.deadline(datetime(2027, 2, 5, 9, tzinfo=ZONE), 4)
    assert deadline.at == end_of(2027, 2, 15)  # 10, 11, 12 and Sunday 14
    assert not deadline.provisional


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "needs the lists"),
        ("holiday: []", "holiday: only holidays and workdays are known"),
        ("holidays: 2027-02-08", "holidays: a list of days"),
        ("holidays: [2027-02-08, someday]", "holidays, entry 2"),
        ("holidays: [2027-02-08]\nworkdays: [2027-02-08]", "both a holiday and a workday"),
        ("holidays: [", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, told):
    file = tmp_path / "holidays.yml"
    file.write_text(text)
    with pytest.raises(HolidaysFault, match=told):
        WorkingDays.read(file)
    with pytest.raises(HolidaysFault, match="cannot be read"):
        WorkingDays.read(tmp_path / "none.yml")
