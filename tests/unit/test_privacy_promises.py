"""What the demo company's notices promise about time is what the nightly retention does (PR5, PIPL 17, 19)."""

import re

from bot.jobs.retention import rules_of
from bot.privacy.promises import Broken, broken_promises, days_of
from bot.settings import Retention, Settings
from crm_adapter.consent.purposes import LOCALES, shipped_purposes

UNITS = {
    "Y": {"zh-Hans": "年", "zh-Hant": "年", "en": "year"},
    "D": {"zh-Hans": "天", "zh-Hant": "天", "en": "day"},
}


def test_every_period_of_the_notices_is_enforced_by_default():
    document = shipped_purposes()
    enforced = {rule.category: rule.days for rule in rules_of(Settings(demo=False))}
    for name, purpose in document.purposes.items():
        if purpose.per_recipient:
            continue  # the recipient deletes, by agreement
        assert purpose.retention.enforced_by, name
        for category in purpose.retention.enforced_by:
            assert enforced[category] != "keep", (name, category)
            assert enforced[category] <= days_of(purpose.retention.period), (name, category)
    assert broken_promises(document, Retention()) == []


def test_the_words_of_a_notice_name_its_period_and_no_other():
    for name, purpose in shipped_purposes().purposes.items():
        number, unit = re.fullmatch(r"P(\d+)([YD])", purpose.retention.period).groups()
        for locale in LOCALES:
            told = re.findall(r"(\d+) ?(年|天|year|day)", purpose.retention.of(locale))
            assert set(told) == {(number, UNITS[unit][locale])}, (name, locale)


def test_settings_that_keep_longer_than_a_notice_promises_are_named():
    longer = broken_promises(shipped_purposes(), Retention(sensitive=31, tags="keep"))
    assert list(longer) == [
        Broken("personalised_recommendations", "tags", 365, "keep"),
        Broken("sensitive_data", "sensitive", 30, 31),
    ]


def test_a_period_in_days():
    assert [days_of(period) for period in ("P30D", "P2W", "P1Y6M", "P3Y")] == [30, 14, 545, 1095]
