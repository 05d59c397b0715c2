"""What a good password is, and how it is kept."""

import asyncio
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.staff.errors import BadName, WeakPassword
from bot.staff.names import fold, new_name
from bot.staff.passwords import Passwords, check_strength

QUICK = {"time_cost": 1, "memory_kib": 64, "lanes": 1}


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too_short"),
        ("short", "too_short"),
        ("123456789", "too_short"),
        ("x1" * 101, "too_long"),
        ("password123", "too_common"),
        ("Password2026!", "too_common"),
        ("PASSWORD!!!!", "too_common"),
        ("1234567890", "too_common"),
        ("0987654321", "too_common"),
        ("qwertyuiop", "too_common"),
        ("1q2w3e4r5t", "too_common"),
        ("ａｄｍｉｎａｄｍｉｎ", "too_common"),
        ("aaaaaaaaaaaa", "too_common"),
        ("abababababab", "too_common"),
        ("hanmeimei2026", "like_name"),
        ("HANMEIMEI!!", "like_name"),
        ("Han Meimei 1", "like_name"),
    ],
)
def test_weak_passwords_are_refused_with_their_reason(password, reason):
    with pytest.raises(WeakPassword) as refused:
        check_strength(password, "hanmeimei", "Han Meimei")
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "password",
    [
        "correct kettle",
        "水壶在七点钟开始唱歌啦",
        "Tr0ub4dor&3x",
        "password of the seven kettles",
        "mei mei at the kettle 7",
    ],
)
def test_good_passwords_are_taken(password):
    check_strength(password, "mei", "Mei")


@given(st.text(), st.text())
def test_any_text_is_judged(password, name):
    try:
        check_strength(password, name)
        reason = None
    except WeakPassword as refused:
        reason = refused.reason
    long_enough = len(unicodedata.normalize("NFKC", password)) >= 10
    assert reason in (None, "too_long", "like_name", "too_common") if long_enough else reason == "too_short"


async def test_a_hash_matches_its_password_only():
    passwords = Passwords(**QUICK)
    stored = await passwords.hash("a kettle sings")
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert await passwords.matches(stored, "a kettle sings")
    assert not await passwords.matches(stored, "a kettle sang")
    assert not await passwords.matches(None, "a kettle sings")
    assert not await passwords.matches("not a hash", "a kettle sings")
    assert stored != await passwords.hash("a kettle sings")


async def test_the_same_characters_typed_elsewhere_match():
    passwords = Passwords(**QUICK)
    stored = await passwords.hash(unicodedata.normalize("NFC", "Café-Wasserkessel"))
    assert await passwords.matches(stored, unicodedata.normalize("NFD", "Café-Wasserkessel"))


async def test_other_parameters_make_a_hash_outdated():
    passwords = Passwords(**QUICK)
    stored = await passwords.hash("a kettle sings")
    assert not passwords.is_outdated(stored)
    assert Passwords(**{**QUICK, "time_cost": 2}).is_outdated(stored)


@pytest.mark.alone
async def test_nobody_takes_as_long_as_somebody():
    passwords = Passwords()
    stored = await passwords.hash("a kettle sings")

    async def best(hashed: str | None) -> float:
        took = []
        for _ in range(5):
            began = time.perf_counter()
            await passwords.matches(hashed, "wrong")
            took.append(time.perf_counter() - began)
        return min(took)

    somebody, nobody = await best(stored), await best(None)
    assert 0.5 < nobody / somebody < 2


@pytest.mark.alone
async def test_hashing_leaves_the_loop_free_and_takes_turns():
    passwords = Passwords()
    inside = most = 0

    async def one() -> None:
        nonlocal inside, most
        async with passwords.slot():
            inside += 1
            most = max(most, inside)
            await passwords.hash("a kettle sings")
            inside -= 1

    longest = 0.0
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(8)]
        while not all(task.done() for task in tasks):
            began = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - began)
    assert most == 2
    assert longest < 0.05 * 8


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Mei", "mei"),
        (" mei ", "mei"),
        ("ＭＥＩ", "mei"),
        ("小美", "小美"),
        ("a.b_c@d+e-f", "a.b_c@d+e-f"),
        ("Straße", "strasse"),
    ],
)
def test_one_spelling_per_name(typed, name):
    assert new_name(typed) == name
    assert fold(name) == name


@pytest.mark.parametrize("typed", ["", " ", "a b", "a\nb", "x" * 65, "<b>", "a\x00b", "\ud800", "a/b"])
def test_odd_names_are_refused(typed):
    with pytest.raises(BadName):
        new_name(typed)
