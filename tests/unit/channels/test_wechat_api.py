"""What any answer of WeChat's means, and when a token is got, renewed, shared and given up; no network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.api import TokenFault, WechatFault, tokens
from bot.channels.wechat.api.answers import (
    Answer,
    NewTag,
    QrCode,
    Sent,
    StableToken,
    Tags,
    Uploaded,
    User,
    WebUser,
    read,
)
from bot.channels.wechat.api.faults import Reason
from bot.channels.wechat.api.token_store import Token
from bot.channels.wechat.api.tokens import Tokens
from bot.channels.wechat.api.transport import Request, judge
from bot.channels.wechat.errors import ApiError, Decision
from tests.unit.channels.wechat.pushing import OTHERS

THEIRS = OTHERS / "json"
SEND = Request("/cgi-bin/message/custom/send")
READ = Request("/cgi-bin/menu/get", "GET", repeatable=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("errcode"), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.sampled_from([SEND, READ]),
    st.integers(100, 599),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
)
def test_any_answer_is_a_success_or_has_a_decision(request_: Request, status: int, raw: bytes) -> None:
    try:
        answer = judge(request_, status, raw)
    except WechatFault as fault:
        kept = fault
    else:
        assert status == 200
        assert answer.get("errcode", 0) in (0, "0", "-0", "00") or int(answer["errcode"]) == 0
        return
    assert kept.decision in get_args(Decision)
    assert kept.call == request_.path
    if status >= 500:
        assert kept.decision == request_.without_answer
    if request_ is READ:
        assert kept.decision != "outcome_unknown"


@given(
    st.sampled_from([NewTag, QrCode, Sent, StableToken, Tags, Uploaded, User, WebUser]),
    st.dictionaries(
        st.sampled_from(
            ["ticket", "openid", "tags", "tag", "msgid", "access_token", "expires_in", "subscribe", "media_id"]
        ),
        JSON,
    ),
)
def test_an_answer_of_another_shape_is_unreadable_and_nothing_worse(model, answer):
    try:
        read(model, READ, answer)
    except WechatFault as fault:
        told = (fault.reason, fault.decision)
    else:
        told = None
    assert told in (None, ("unreadable", "retry"))


@pytest.mark.skipif(not THEIRS.exists(), reason="the folder shared is not here")
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("user_info", User),
        ("qrcode_create", QrCode),
        ("media_upload", Uploaded),
        ("token", StableToken),
        ("sns_oauth2_access_token", WebUser),
        ("message_custom_send", Sent),
    ],
)
def test_answers_that_others_have_recorded_are_read(name: str, model: type[Answer]) -> None:
    raw = (THEIRS / f"{name}.json").read_bytes()
    told = json.loads(raw)
    found = read(model, READ, judge(READ, 200, raw)).model_dump()
    assert {field: value for field, value in found.items() if field in told} == {
        field: told[field] for field in found if field in told
    }


@pytest.mark.parametrize(
    "reason", ["not_text", "not_reached", "no_answer", "status", "unreadable", "too_large", "store_away", "token"]
)
def test_every_reason_is_explained_in_every_language(reason: Reason) -> None:
    said = {WechatFault("/x", reason, "retry").explain(locale) for locale in ("zh-Hans", "zh-Hant", "en")}
    assert len(said) == 3


def test_a_fault_says_path_code_and_rid_and_no_more() -> None:
    fault = WechatFault("/x", "errcode", "give_up", ApiError(40003, "invalid openid oABC", "6-1"))
    assert str(fault) == "/x: errcode 40003 (rid 6-1)"
    assert "oABC" not in repr(fault)


class Wechat:
    """Counts; gives the same token until it is forced, like ``stable_token``."""

    def __init__(self, seconds: float = 7200) -> None:
        self.seconds = seconds
        self.number = 1
        self.asked: list[bool] = []
        self.fault: WechatFault | None = None
        self.go = asyncio.Event()
        self.go.set()

    async def fetch(self, force: bool) -> Token:
        self.asked.append(force)
        await self.go.wait()
        if self.fault:
            raise self.fault
        self.number += force
        return Token(f"token-{self.number}", self.seconds)


class Slot:
    def __init__(self, store: "Store") -> None:
        self.store = store
        self.kept = store.kept
        self.may_force = store.may_force

    async def keep(self, token: Token) -> None:
        self.store.kept = token

    async def count_forced(self) -> None:
        self.store.forced += 1

    async def fail(self, fault: WechatFault) -> None:
        self.store.failed = fault


class Store:
    kept: Token | None = None
    may_force = True
    forced = 0
    failed: WechatFault | None = None

    @asynccontextmanager
    async def locked(self, hold_s: float) -> AsyncIterator[Slot]:
        yield Slot(self)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(tokens, "_now", lambda: now[0])
    return now


def of(wechat: Wechat, store: Store | None) -> Tokens:
    return Tokens("care", wechat.fetch, store, 1.0)  # type: ignore[arg-type]


async def test_many_at_once_ask_once(clock):
    wechat = Wechat()
    ours = of(wechat, Store())
    assert set(await asyncio.gather(*(ours.current() for _ in range(200)))) == {"token-1"}
    assert set(await asyncio.gather(*(ours.after_refusal("token-1") for _ in range(200)))) == {"token-2"}
    assert wechat.asked == [False, False, True]


async def test_one_who_gives_up_does_not_end_it_for_the_others(clock):
    wechat = Wechat()
    wechat.go.clear()
    ours = of(wechat, Store())
    waiting = [asyncio.create_task(ours.current()) for _ in range(3)]
    await settle()
    waiting[0].cancel()
    wechat.go.set()
    assert await asyncio.gather(*waiting[1:]) == ["token-1", "token-1"]
    assert waiting[0].cancelled()


async def test_it_is_renewed_beside_the_calls_and_waited_for_at_its_end(clock):
    wechat, store = Wechat(), Store()
    ours = of(wechat, store)
    await ours.current()
    clock[0] += 7200 - tokens.AHEAD_S - 1
    await ours.current()
    await settle()
    assert len(wechat.asked) == 1
    clock[0] += 2
    store.kept = None
    wechat.go.clear()
    assert [await ours.current() for _ in range(5)] == ["token-1"] * 5  # nobody waits
    await settle()
    assert len(wechat.asked) == 2
    wechat.go.set()
    await settle()
    clock[0] += 7200
    store.kept = None
    wechat.go.clear()
    waiting = asyncio.create_task(ours.current())
    await settle()
    assert not waiting.done()
    wechat.go.set()
    assert await waiting == "token-1"
    assert wechat.asked == [False] * 3


async def settle() -> None:
    """Lets what can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_the_store_has_serves_until_it_has_to_be_renewed(clock):
    wechat, store = Wechat(), Store()
    store.kept = Token("kept", 241, 6959)
    assert await of(wechat, store).current() == "kept"
    assert wechat.asked == []
    store.kept = Token("kept", 239, 6961)
    assert await of(wechat, store).current() == "token-1"
    assert wechat.asked == [False]


async def test_another_process_that_was_first_is_enough(clock):
    wechat, store = Wechat(), Store()
    ours = of(wechat, store)
    await ours.current()
    store.kept = Token("of-another", 7200)
    assert await ours.after_refusal("token-1") == "of-another"
    assert wechat.asked == [False]


async def test_nothing_is_demanded_that_may_not_be(clock):
    wechat, store = Wechat(), Store()
    ours = of(wechat, store)
    await ours.current()
    store.may_force = False
    with pytest.raises(TokenFault):
        await ours.after_refusal("token-1")
    assert (wechat.asked, store.forced) == ([False, False], 0)
    alone = of(Wechat(), None)
    assert await alone.current() == "token-1"
    with pytest.raises(TokenFault):
        await alone.after_refusal("token-1")


async def test_after_a_failure_nobody_asks_for_a_while(clock):
    wechat = Wechat()
    wechat.fault = WechatFault("/cgi-bin/stable_token", "errcode", "fix_settings", ApiError(40125))
    ours = of(wechat, Store())
    for _ in range(3):
        with pytest.raises(WechatFault):
            await ours.current()
    assert wechat.asked == [False]
    wechat.fault = None
    clock[0] += tokens.HOLD_BACK_S
    assert await ours.current() == "token-1"


async def test_who_closes_ends_what_is_under_way(clock):
    wechat = Wechat()
    wechat.go.clear()
    ours = of(wechat, Store())
    waiting = asyncio.create_task(ours.current())
    await settle()
    await ours.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
