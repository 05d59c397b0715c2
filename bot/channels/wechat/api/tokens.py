"""One account's access token: the same in all processes, renewed ahead of its end, replaced once it is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from bot.channels.wechat.api.faults import TokenFault, WechatFault
from bot.channels.wechat.api.token_store import Slot, Token, TokenStore

log = structlog.get_logger(__name__)

AHEAD_S = 240.0
"""WeChat gives a new token in the last 300 s of the old one, and both work until its end."""
HOLD_BACK_S = 5.0
"""After a failure nobody in this process asks again for so long: the same fault answers."""

Fetch = Callable[[bool], Awaitable[Token]]
"""Calls ``stable_token``, with ``force_refresh`` or without; raises :class:`WechatFault`."""


@dataclass(frozen=True, slots=True)
class _Held:
    value: str
    renew_at: float
    until: float


class Tokens:
    """The token as this process knows it. With a ``store`` it is shared, and refreshed by one process at a time.

    Without one nothing is demanded before its time: ``stable_token`` gives every caller the same token.
    ``hold_s`` is what two calls of ``fetch`` may take together; nobody waits for more than three times as long.
    """

    def __init__(self, account: str, fetch: Fetch, store: TokenStore | None, hold_s: float) -> None:
        self._account = account
        self._fetch = fetch
        self._store = store
        self._hold_s = hold_s
        self._held: _Held | None = None
        self._renewal: asyncio.Task[_Held] | None = None
        self._replacing: str | None = None
        self._failed: tuple[float, WechatFault] | None = None
        self._doubted = False

    async def current(self) -> str:
        """A token that is good by what is known. Raises :class:`WechatFault`."""
        held, now = self._held, _now()
        if held is not None and now < held.until:
            if now >= held.renew_at and self._renewal is None and self._recent_fault() is None:
                self._begin(None)  # beside the calls: the old one is good meanwhile
            return held.value
        return (await self._renewed(None)).value

    async def after_refusal(self, refused: str) -> str:
        """Another token than ``refused``, which WeChat has not taken; of many callers one looks for it.

        Raises :class:`TokenFault` when there is no other, and :class:`WechatFault`.
        """
        while True:
            if self._held is not None and self._held.value != refused:
                return self._held.value
            replacing = self._renewal is None or self._replacing == refused
            held = await self._renewed(refused)
            if held.value != refused:
                return held.value
            if replacing:
                raise TokenFault("/cgi-bin/stable_token")

    async def doubt(self, fault: WechatFault) -> None:
        """WeChat refuses the token that it has just given: everybody is to see that."""
        self._doubted = True
        if self._store is not None:
            await self._store.note(fault)

    async def trust(self) -> None:
        """WeChat takes the token; costs nothing unless this process has doubted it."""
        if self._doubted:
            self._doubted = False
            if self._store is not None:
                await self._store.note(None)

    async def close(self) -> None:
        """Ends a renewal that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            with suppress(asyncio.CancelledError, WechatFault):
                await self._renewal

    async def _renewed(self, refused: str | None) -> _Held:
        if self._renewal is None:
            if (fault := self._recent_fault()) is not None:
                raise fault
            self._begin(refused)
        assert self._renewal is not None  # noqa: S101 - begun above
        return await asyncio.shield(self._renewal)  # one caller's cancellation is not the others'

    def _recent_fault(self) -> WechatFault | None:
        if self._failed is None or _now() >= self._failed[0]:
            return None
        return self._failed[1]

    def _begin(self, refused: str | None) -> None:
        self._replacing = refused
        self._renewal = asyncio.create_task(self._renew(refused))
        self._renewal.add_done_callback(self._ended)

    def _ended(self, renewal: "asyncio.Task[_Held]") -> None:
        self._renewal = None
        if renewal.cancelled():
            return
        fault = renewal.exception()
        if fault is None:
            self._held, self._failed = renewal.result(), None
        elif isinstance(fault, WechatFault):
            self._failed = (_now() + HOLD_BACK_S, fault)
            if self._store is not None:  # without one a command tells it to whoever has typed it
                tell = log.warning if fault.decision == "retry" else log.error
                tell("no access token", account=self._account, errcode=fault.errcode, rid=fault.rid, fault=str(fault))

    async def _renew(self, refused: str | None) -> _Held:
        if self._store is None:
            return _held(await self._fetched(None, refused))
        try:
            async with asyncio.timeout(3 * self._hold_s), self._store.locked(self._hold_s) as slot:
                outcome = await self._in(slot, refused)
        except TimeoutError:
            raise WechatFault("token store", "store_away", "retry") from None
        if isinstance(outcome, WechatFault):  # raised only now: what was counted is to stand
            raise outcome
        return _held(outcome)

    async def _in(self, slot: Slot, refused: str | None) -> Token | WechatFault:
        kept = slot.kept
        if kept is not None and kept.value != refused and _renew_in(kept) > 0:
            return kept  # another process was first
        try:
            token = await self._fetched(slot, refused)
        except WechatFault as fault:
            await slot.fail(fault)
            return fault
        await slot.keep(token)
        return token

    async def _fetched(self, slot: Slot | None, refused: str | None) -> Token:
        """Without force WeChat often has another token already: somebody else may have demanded it."""
        token = await self._fetch(False)
        if token.value != refused:
            return token
        if slot is None or not slot.may_force:
            raise TokenFault("/cgi-bin/stable_token")
        await slot.count_forced()
        log.warning("an access token was refused before its end, a new one is demanded", account=self._account)
        return await self._fetch(True)


def _renew_in(token: Token) -> float:
    """Seconds until it should be renewed; of a token that never lives long, half its life."""
    lifetime = token.age_s + token.left_s
    return token.left_s - min(AHEAD_S, lifetime / 2)


def _held(token: Token) -> _Held:
    now = _now()
    return _Held(token.value, now + max(0.0, _renew_in(token)), now + token.left_s)


def _now() -> float:
    return asyncio.get_running_loop().time()
