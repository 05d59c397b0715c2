"""Access tokens: what makes each of the two kinds end, and how often they may be asked for."""

from itertools import count

import pytest

from emulators.wechat.errors import Refused
from emulators.wechat.settings import Tokens
from emulators.wechat.tokens import AccountTokens

DAY = 24 * 3600


def tokens() -> AccountTokens:
    numbers = count(1)
    return AccountTokens(Tokens(), lambda: f"token{next(numbers)}")


def errcode(known: AccountTokens, value: str, now: float) -> int:
    try:
        known.check(value, now)
    except Refused as refused:
        return refused.errcode
    return 0


def test_every_fetch_ends_the_token_before_five_minutes_later() -> None:
    known = tokens()
    first, seconds = known.fetch(0)
    assert seconds == 7200
    second, _ = known.fetch(100)
    assert second != first
    assert errcode(known, first, 399) == 0
    assert errcode(known, first, 400) == 40001
    assert errcode(known, second, 7299) == 0
    assert errcode(known, second, 7300) == 42001


def test_the_stable_token_stays_until_its_last_five_minutes() -> None:
    known = tokens()
    first, _ = known.stable(0, force=False)
    assert known.stable(6899, force=False) == (first, 301)
    second, seconds = known.stable(6900, force=False)
    assert (second != first, seconds) == (True, 7200)
    assert errcode(known, first, 7199) == 0  # both are good until the old one ends
    assert errcode(known, first, 7200) == 42001


def test_a_forced_refresh_ends_the_token_before_at_once() -> None:
    known = tokens()
    first, _ = known.stable(0, force=False)
    second, _ = known.stable(1, force=True)
    assert errcode(known, first, 1) == 40001
    assert errcode(known, second, 1) == 0


def test_forced_refreshes_are_30_seconds_apart_and_20_a_day() -> None:
    known = tokens()
    known.stable(0, force=True)
    with pytest.raises(Refused, match="45011"):
        known.stable(29, force=True)
    for turn in range(1, 20):
        known.stable(turn * 30, force=True)
    with pytest.raises(Refused, match="45009"):
        known.stable(700, force=True)
    assert known.stable(701, force=False)[0]
    known.stable(DAY, force=True)


def test_the_two_kinds_know_nothing_of_each_other() -> None:
    known = tokens()
    stable, _ = known.stable(0, force=False)
    for _ in range(3):
        known.fetch(1)
    assert errcode(known, stable, 1000) == 0


def test_ordinary_tokens_are_limited_a_day() -> None:
    known = tokens()
    for _ in range(2000):
        known.fetch(0)
    with pytest.raises(Refused, match="45009"):
        known.fetch(1)
    assert known.fetch(DAY)[1] == 7200


def test_what_was_never_given_is_not_latest_and_nothing_is_missing() -> None:
    known = tokens()
    assert errcode(known, "", 0) == 41001
    assert errcode(known, "made up", 0) == 40001
    value, _ = known.stable(0, force=False)
    known.revoke_all(5)
    assert errcode(known, value, 5) == 40001
