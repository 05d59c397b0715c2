"""Doctor tells of notices that promise what the settings do not keep (PR5)."""

from pathlib import Path

from bot.checkup.notices import check_notices
from bot.settings import LOCALES, Crm, Retention, Settings


def test_settings_as_they_ship_keep_what_the_notices_promise():
    part = check_notices(Settings())
    assert (part.state, part.code) == ("ok", "notices_kept")


def test_a_promise_that_is_not_kept_is_named_in_three_languages():
    part = check_notices(Settings(retention=Retention(sensitive=31, tags="keep")))
    assert (part.state, part.code, part.values["count"]) == ("warning", "notices_broken", 2)
    for locale in LOCALES:
        detail, mend = part.words(locale)
        assert all(told in detail for told in ("personalised_recommendations", "365", "retention.tags = keep")), locale
        assert "yingda retention --dry-run" in mend


def test_purposes_that_cannot_be_read_are_named_by_file_and_place(tmp_path: Path):
    file = tmp_path / "purposes.yml"
    file.write_text("purposes: []\n", encoding="utf-8")
    part = check_notices(Settings(crm=Crm(purposes_file=file)))
    assert (part.state, part.code) == ("failed", "notices_unreadable")
    for locale in LOCALES:
        detail, mend = part.words(locale)
        assert str(file) in detail
        assert str(part.values["reason"]) in detail
        assert "yingda serve" in mend
