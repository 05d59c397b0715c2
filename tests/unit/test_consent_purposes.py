"""The purposes file, the notices made of it, receipt numbers, and the pure rules of what stands."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import yaml

from crm_adapter.consent.fold import Standing, decide, moved_by, summary
from crm_adapter.consent.notices import Notices
from crm_adapter.consent.purposes import LOCALES, PurposesFault, parse_purposes, read_purposes, shipped_purposes
from crm_adapter.consent.receipts import new_receipt, normal_receipt
from crm_adapter.consent.rules import is_child

T0 = datetime(2026, 11, 22, 9, tzinfo=UTC)
A, B, C = (UUID(int=number) for number in (1, 2, 3))


def shipped() -> dict:
    from crm_adapter.consent import purposes

    folder = purposes.files("crm_adapter.consent")
    return yaml.safe_load((folder / "purposes.yml").read_text(encoding="utf-8"))


def test_the_shipped_file_has_the_purposes_each_by_itself():
    document = shipped_purposes()
    assert list(document.purposes) == [
        "service", "care_messages", "personalised_recommendations", "sharing", "sensitive_data",
    ]  # fmt: skip
    assert {name for name, one in document.purposes.items() if one.marketing} == {
        "care_messages", "personalised_recommendations",
    }  # fmt: skip
    assert all(document.categories[one].sensitive for one in document.purposes["sensitive_data"].categories)


def test_a_notice_tells_everything_in_every_language():
    """PIPL 17 and 23."""
    notices = Notices(shipped_purposes(), "Nuanju", "CN")
    assert {(one.purpose, one.recipient) for one in notices.all()} == {
        ("service", ""), ("care_messages", ""), ("personalised_recommendations", ""), ("sharing", "installer"),
        ("sensitive_data", ""),
    }  # fmt: skip
    for notice in notices.all():
        assert notice.content["controller"] == "Nuanju"
        seen = set()
        for locale in LOCALES:
            words = notice.words(locale)
            assert all(words[name] for name in ("title", "purpose", "method", "categories", "retention", "rights"))
            assert words["contact"]
            assert (words["ask"] is None) is (notice.purpose == "service")
            assert bool(words["recipients"]) is (notice.purpose == "sharing")
            seen.add(words["purpose"])
        assert len(seen) == len(LOCALES)
    assert notices.all()[0].words("fr") == notices.all()[0].words("en")


def test_every_notice_leads_to_the_policy_and_its_address_is_not_part_of_what_was_told():
    """PR13."""
    here, there = (Notices(shipped_purposes(), "Nuanju", "CN", url).all() for url in ("https://a/privacy", None))
    assert {one.link("zh-Hant") for one in here} == {"https://a/privacy?lang=zh-Hant"}
    assert [one.hash for one in here] == [one.hash for one in there]


def test_whatever_is_told_is_in_the_hash():
    def hashes(change=lambda content: None, controller="Nuanju"):
        content = shipped()
        change(content)
        document = parse_purposes(yaml.safe_dump(content), "x")
        return {(one.purpose, one.recipient): one.hash for one in Notices(document, controller, "CN").all()}

    def renamed(content):
        content["purposes"]["care_messages"]["method"]["zh-Hant"] += "。"

    def longer(content):
        content["purposes"]["care_messages"]["retention"]["period"] = "P2Y"

    def more_data(content):
        content["purposes"]["care_messages"]["categories"].append("behaviour")

    def another_party(content):
        content["parties"]["courier"] = content["parties"]["installer"]
        content["purposes"]["sharing"]["recipients"].append("courier")

    before = hashes()
    assert hashes() == before
    for change in (renamed, longer, more_data):
        after = hashes(change)
        assert {key for key in before if after[key] != before[key]} == {("care_messages", "")}
    assert {key: one for key, one in hashes(another_party).items() if key in before} == before, "others are not asked"
    assert not set(hashes(controller="Other").values()) & set(before.values())


def gone(*path):
    def change(content):
        for name in path[:-1]:
            content = content[name]
        del content[path[-1]]

    return change


def put(value, *path):
    def change(content):
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (gone("purposes", "service"), "the file", "purpose service with basis contract"),
        (gone("purposes", "sharing", "title", "zh-Hant"), "purposes.sharing.title.zh-Hant", "required"),
        (put("", "purposes", "sharing", "title", "en"), "purposes.sharing.title.en", "at least 1"),
        (put(["tea"], "purposes", "service", "categories"), "the file", "purposes.service names tea"),
        (put(["x"], "purposes", "sharing", "recipients"), "the file", "purposes.sharing names x"),
        (put("forever", "purposes", "service", "retention", "period"), "purposes.service.retention.period", "pattern"),
        (put("mood", "purposes", "sharing", "basis"), "purposes.sharing.basis", "consent"),
        (put(True, "purposes", "service", "marketing"), "purposes.service", "marketing"),
        (gone("purposes", "sharing", "ask"), "purposes.sharing", "question"),
        (put([], "purposes", "sharing", "recipients"), "purposes.sharing", "at least one recipient"),
        (put(["orders"], "purposes", "sharing", "categories"), "purposes.sharing", "not both"),
        (put(1, "purposes", "service", "colour"), "purposes.service.colour", "Extra"),
        (put({}, "purposes", "Bad Name"), "purposes.Bad Name", "pattern"),
    ],
)
def test_a_wrong_file_names_the_place(change, place, reason):
    content = shipped()
    change(content)
    with pytest.raises(PurposesFault) as caught:
        parse_purposes(yaml.safe_dump(content, allow_unicode=True), "mine.yml")
    assert "mine.yml" in str(caught.value)
    assert any(fault.startswith(place) and reason in fault for fault in caught.value.faults), caught.value.faults


def test_what_is_no_yaml_stands_there_twice_or_is_not_there_says_so(tmp_path):
    for source, reason in (
        ("a: [", "expected"),
        ("rights: 1\nrights: 2\n", "rights stands there twice"),
        ("", "valid"),
    ):
        with pytest.raises(PurposesFault) as caught:
            parse_purposes(source, "mine.yml")
        assert reason in str(caught.value)
    with pytest.raises(PurposesFault, match="No such file"):
        read_purposes(tmp_path / "none.yml")


def test_a_receipt_number_shows_every_single_slip():
    alphabet = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
    for _ in range(20):
        number = new_receipt()
        bare = number.replace("-", "")
        assert (len(number), number[5]) == (11, "-")
        assert normal_receipt(f" {number.lower()} ") == normal_receipt(bare) == number
        for place, old in enumerate(bare):
            wrong = [bare[:place] + new + bare[place + 1 :] for new in alphabet if new != old]
            assert [one for one in wrong if normal_receipt(one)] == []
            if place and bare[place - 1] != old:
                swapped = bare[: place - 1] + old + bare[place - 1] + bare[place + 1 :]
                assert normal_receipt(swapped) is None
    for nonsense in ("", "1234567890", "ABCDE", "你好你好你好你好你好"):
        assert normal_receipt(nonsense) is None


def test_fourteen_is_no_child_any_more():
    birthday = date(2012, 11, 22)
    assert is_child([birthday], date(2026, 11, 21), 14)
    assert not is_child([birthday], date(2026, 11, 22), 14)
    assert is_child([date(1980, 1, 1), birthday], date(2026, 11, 21), 14), "in doubt a child"
    assert not is_child([], date(2026, 11, 21), 14)
    assert is_child([birthday], date(2026, 11, 22), 16), "a company may protect for longer"


def row(subject, state, minute, channel="*", covers=None, **more) -> Standing:
    about = {"purpose": "care_messages", "recipient": "", "guardian": False, "notice_hash": "h", "notice_version": 1}
    at = T0 + timedelta(minutes=minute)
    covered = covers or (subject,)
    whole = {"event_id": UUID(int=100 + minute), "since": at, "covers": covered, **about, **more}
    return Standing(subject=subject, state=state, channel=channel, **whole)


def state(*rows, channel="web"):
    found = decide(rows, "care_messages", channel, "")
    return found.state if found else None


def test_for_one_contact_the_newest_choice_that_covers_the_channel_decides():
    assert state() is None
    assert state(row(A, "granted", 1)) == "granted"
    assert state(row(A, "granted", 1, "wechat")) is None
    assert state(row(A, "granted", 1, "web"), row(A, "withdrawn", 2)) == "withdrawn"
    assert state(row(A, "withdrawn", 1), row(A, "granted", 2, "web")) == "granted"
    assert state(row(A, "withdrawn", 1), row(A, "granted", 2, "web"), channel="wechat") == "withdrawn"
    assert state(row(A, "granted", 2), row(A, "expired", 3)) == "expired"


def test_over_a_family_the_most_restrictive_choice_wins():
    assert state(row(A, "withdrawn", 1), row(B, "granted", 2)) == "withdrawn"
    assert state(row(A, "refused", 1), row(B, "granted", 2)) == "refused"
    assert state(row(A, "refused", 3), row(B, "withdrawn", 2)) == "withdrawn"
    assert state(row(A, "expired", 3), row(B, "granted", 2)) == "granted"


def test_a_grant_given_as_a_family_overrules_older_refusals_of_its_members_only():
    assert state(row(A, "withdrawn", 1), row(B, "granted", 2, covers=(A, B))) == "granted"
    assert state(row(A, "withdrawn", 3), row(B, "granted", 2, covers=(A, B))) == "withdrawn"
    assert state(row(C, "withdrawn", 1), row(B, "granted", 2, covers=(A, B))) == "withdrawn"


def test_a_grant_counts_from_when_it_was_given_a_refusal_from_when_it_arrived():
    later = T0 + timedelta(hours=1)
    assert moved_by("granted", A, (A, B), T0, later) == ("granted", (A,), T0)
    assert moved_by("granted", A, (A, B), later, T0) == ("granted", (A,), T0), "no clock makes a grant younger"
    assert moved_by("guardian_granted", A, (A,), T0, later) == ("granted", (A,), T0)
    assert moved_by("withdrawn", A, (A, B), T0, later) == ("withdrawn", (A, B), later)
    assert moved_by("objected", A, (A, B), T0, later) == ("refused", (A, B), later)
    assert moved_by("notice_shown", A, (A,), T0, later) is None


def test_the_summary_has_one_line_per_thing_chosen():
    rows = [row(A, "granted", 1, "web"), row(A, "withdrawn", 2), row(B, "granted", 3, "sms")]
    random.Random(7).shuffle(rows)
    rows.append(replace(rows[0], purpose="sharing", recipient="installer", channel="*", state="granted"))
    lines = [(channel, one.purpose, one.state) for channel, one in summary(rows)]
    assert lines == [
        ("*", "care_messages", "withdrawn"),
        ("sms", "care_messages", "withdrawn"),
        ("web", "care_messages", "withdrawn"),
        ("*", "sharing", "granted"),
    ]
