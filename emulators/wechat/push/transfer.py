"""WeChat's own customer service: sessions with a person, during which messages bypass the account's URL."""

from collections.abc import Callable
from typing import Any

from emulators.wechat.account import Chat, Session
from emulators.wechat.world import World

SESSION_S = 30 * 60

PushEvent = Callable[..., Any]
"""Starts a push, as :meth:`emulators.wechat.push.delivery.Deliverer.push` does."""


def begin_session(world: World, chat: Chat, kf_account: str, push: PushEvent) -> None:
    """A person takes over: ``kf_account``, or the account's first one; nothing happens where there is none."""
    known = chat.account.settings.kf_accounts
    chosen = kf_account or (known[0] if known else "")
    if not chosen:
        return
    now = world.clock.now()
    chat.session = Session(chosen, now + SESSION_S, now)
    chat.person.phone.show(chat.account.settings.name, "system", "session", {"kf_account": chosen, "open": True})
    push(chat, "kf_create_session", _event("kf_create_session", KfAccount=chosen), answerable=False)
    _watch(world, chat, push)


def end_session(chat: Chat, push: PushEvent) -> bool:
    """The session ends; whether there was one."""
    session, chat.session = chat.session, None
    if session is None:
        return False
    content = {"kf_account": session.kf_account, "open": False}
    chat.person.phone.show(chat.account.settings.name, "system", "session", content)
    push(chat, "kf_close_session", _event("kf_close_session", KfAccount=session.kf_account), answerable=False)
    return True


def switch_session(chat: Chat, kf_account: str, push: PushEvent) -> bool:
    """Another person takes over; whether there was a session."""
    if chat.session is None:
        return False
    before, chat.session.kf_account = chat.session.kf_account, kf_account
    fields = _event("kf_switch_session", FromKfAccount=before, ToKfAccount=kf_account)
    push(chat, "kf_switch_session", fields, answerable=False)
    return True


def _watch(world: World, chat: Chat, push: PushEvent) -> None:
    session = chat.session
    if session is None:
        return

    def look() -> None:
        if chat.session is not session:
            return
        if session.until <= world.clock.now():
            end_session(chat, push)
        else:
            _watch(world, chat, push)

    world.clock.at(session.until, look)


def _event(name: str, **fields: str) -> dict[str, Any]:
    return {"MsgType": "event", "Event": name, **fields}
