"""Which try a delivery is, by what one process has seen and by clocks that need not agree."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.web.wechat.tries import AGREEING, Patience, Tries

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
SKEWS = pytest.mark.parametrize("skew", [0.0, 2.0, -2.0, -30.0, -172_800.0])


def arrives(tries: Tries, push: str, after: float, *, skew: float = 0.0, made: float = 0.0) -> bool:
    """A delivery ``after`` seconds of the first at ``made``; our clock is ``skew`` ahead of WeChat's."""
    created = MADE + timedelta(seconds=made)
    now = created + timedelta(seconds=after + skew + 0.4)
    return tries.is_last(push, created, now, 1000.0 + made + after)


@SKEWS
def test_who_has_seen_all_tries_knows_the_last(skew: float) -> None:
    tries = Tries(Patience())
    assert [arrives(tries, "a", after, skew=skew) for after in (0.0, 5.0, 10.0)] == [False, False, True]


@pytest.mark.parametrize("skew", [0.0, 1.5, -1.5])
@pytest.mark.parametrize(("after", "last"), [(0.0, False), (5.0, False), (6.0, False), (10.0, True), (10.9, True)])
def test_who_sees_a_push_for_the_first_time_goes_by_its_creation(after: float, last: bool, skew: float) -> None:
    assert arrives(Tries(Patience()), "a", after, skew=skew) is last


def test_the_second_try_is_not_the_last_for_who_has_not_seen_the_first() -> None:
    tries = Tries(Patience())
    assert [arrives(tries, "a", after) for after in (5.0, 10.0)] == [False, True]


@pytest.mark.parametrize("skew", [30.0, 200.0, -30.0, -200.0])
def test_clocks_that_differ_are_found_out(skew: float) -> None:
    tries = Tries(Patience())
    for number in range(AGREEING):
        arrives(tries, f"p{number}", 0.0, skew=skew, made=float(number))
    assert not arrives(tries, "new", 0.0, skew=skew, made=10.0)
    assert not arrives(tries, "second", 5.0, skew=skew, made=10.0)
    assert arrives(tries, "third", 10.0, skew=skew, made=10.0)


def test_a_few_late_tries_do_not_make_our_clock_wrong() -> None:
    tries = Tries(Patience())
    for number in range(AGREEING - 1):
        assert arrives(tries, f"p{number}", 10.0, made=float(number))


def test_what_wechat_will_not_send_again_is_forgotten() -> None:
    tries = Tries(Patience())
    for number in range(1000):
        arrives(tries, f"p{number}", 0.0, made=float(number))
    assert len(tries._seen) < 50


@pytest.mark.parametrize("try_s", [0.4, 2.0, 5.0])
def test_another_patience_is_kept_in_all_proportions(try_s: float) -> None:
    patience = Patience(try_s)
    assert patience.ready_s < try_s < patience.given_up_s
    assert (patience.tries - 2) * try_s < patience.last_after_s < (patience.tries - 1) * try_s
    tries = Tries(patience)
    assert [arrives(tries, "a", count * try_s) for count in range(3)] == [False, False, True]
