"""Actions that another server carries out, in Rasa's action-server protocol; after the commit, as jobs."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import aiohttp
import structlog
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.flows.model import Definitions, Flow
from bot.flows.rendering import in_language
from bot.handlers.action import ActionFault, HandlerTurn, LocalAction, within
from bot.handlers.remote_answers import read_answer, slots_of
from bot.settings import RemoteActions, Settings, SettingsFault
from bot.storage.pool import Pool
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.transfers import TransferRefused

log = structlog.get_logger(__name__)

SENDER = "sender_id"
MESSAGE = "message"
"""Beside the slots' names, what a third party is given, as the register of third parties has it."""

_REMEMBER = timedelta(days=1)
_BEGIN = "INSERT INTO bot.spent_tokens (account, jti, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_NOT_BEGUN = "DELETE FROM bot.spent_tokens WHERE account = %s AND jti = %s"
_NOT_TAKEN = frozenset({429, 503})
"""The server says that it has done nothing of it yet."""
_STATUS = {400: "remote_rejected", 401: "remote_denied", 403: "remote_denied", 404: "remote_unknown_action"}


class Catalogue(Protocol):
    """The flows in force."""

    @property
    def current(self) -> Definitions:
        """Those of this moment."""
        ...


class RemoteAction(LocalAction):
    """One action of a remote server. What it fails with, besides what :func:`read_answer` refuses:

    ``remote_away``: it could not be reached, or had no time, and nothing was begun: worth another try. Everything
    else is final: ``remote_unknown`` (it was sent, and no answer came: whether it was done is not known),
    ``remote_rejected``, ``remote_denied``, ``remote_unknown_action``, ``remote_failed``, ``unreadable_answer``,
    ``answer_too_large``, ``flow_gone``, and what a third party is refused data with.
    """

    where = "after_commit"

    def __init__(self, name: str, server: RemoteActions, catalogue: Catalogue, pool: Pool, sharing: SqlSharing) -> None:
        self._name = name
        self._server = server
        self._catalogue = catalogue
        self._pool = pool
        self._sharing = sharing

    def name(self) -> str:
        """As the settings have it."""
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """Posts the call and takes over what is answered."""
        turn = within()
        if turn.lent is not None:
            raise ActionFault("outside_only", f"{self._name} leaves the house and cannot be part of a turn", final=True)
        definitions = self._catalogue.current
        flow = definitions.flows.get(tracker.stack[-1]["flow_id"])
        if flow is None:
            raise ActionFault("flow_gone", "the flow that wants it is there no more", final=True)
        call = call_of(self._name, self._server, flow, tracker.slots, turn)
        try:
            async with self._allowed(call, turn):
                answer = await self._post(call, turn.run_key)
            events, messages = read_answer(answer, flow, definitions)
        except ActionFault as fault:
            log.warning("remote action refused", action=self._name, server=self._server.name, code=fault.code)
            raise
        dispatcher.messages.extend(messages)
        return events

    @asynccontextmanager
    async def _allowed(self, call: Mapping[str, Any], turn: HandlerTurn) -> AsyncIterator[None]:
        """Around the sending: a third party is given only what it may have, and that is logged before (PR3)."""
        if self._server.ours:
            yield
            return
        tracker = call["tracker"]
        fields = [SENDER, *tracker["slots"], *([MESSAGE] if tracker["latest_message"]["text"] else [])]
        try:
            async with self._sharing.transfer(
                self._server.name,
                cast(str, self._server.purpose),
                fields,
                turn.contact_id,
                f"system:{self._name}",
                turn.run_key,
            ):
                yield
        except TransferRefused as refused:
            raise ActionFault(refused.code, "the register of third parties does not allow it", final=True) from None

    async def _post(self, call: Mapping[str, Any], token: str) -> Any:
        """Sends once per token: who finds it begun does not know what became of it."""
        account = f"remote:{self._server.name}"
        if not await self._execute(_BEGIN, (account, token, datetime.now(UTC) + _REMEMBER)):
            raise ActionFault("remote_unknown", "it was sent before, and what became of it is not known", final=True)
        try:
            return await post(self._server, call)
        except ActionFault as fault:
            if not fault.final:
                await self._execute(_NOT_BEGUN, (account, token))
            raise

    async def _execute(self, statement: str, values: tuple[Any, ...]) -> int:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement.encode(), values)).rowcount


async def post(server: RemoteActions, call: Mapping[str, Any]) -> Any:
    """The answer's JSON. Raises :class:`ActionFault`, final unless nothing was begun."""
    headers = {"Authorization": f"Bearer {server.secret.get_secret_value()}"} if server.secret else {}
    # Who does not even take the connection is found out before the time is over: then nothing was begun.
    patience = aiohttp.ClientTimeout(total=None, sock_connect=server.timeout_s / 2)
    try:
        async with (
            asyncio.timeout(server.timeout_s),
            aiohttp.ClientSession(timeout=patience, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(server.url, json=call, headers=headers, allow_redirects=False) as response,
        ):
            if response.status in _NOT_TAKEN:
                raise ActionFault("remote_away", f"status {response.status}")
            if response.status != 200:
                code = _STATUS.get(response.status, "remote_failed")
                raise ActionFault(code, f"status {response.status}", final=True)
            content = bytearray()
            async for chunk in response.content.iter_chunked(16 * 1024):
                content += chunk
                if len(content) > server.answer_bytes:
                    raise ActionFault("answer_too_large", f"more than {server.answer_bytes} bytes", final=True)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise ActionFault("remote_away", "it cannot be reached") from None
    except (TimeoutError, aiohttp.ClientError):
        raise ActionFault("remote_unknown", "it was sent, and no answer came", final=True) from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise ActionFault("unreadable_answer", "the answer is no JSON", final=True) from None


def call_of(
    name: str, server: RemoteActions, flow: Flow, slots: Mapping[str, Any], turn: HandlerTurn
) -> dict[str, Any]:
    """The call as the protocol has it, with the least that is needed.

    The sender is a pseudonym that means nothing to another server; ``message_id`` is the same in every try.
    """
    sender = turn.keys.blind("remote_sender", server.name, str(turn.identity_id)).hex()
    words = str(turn.message.get("text", "")) if server.message else ""
    return {
        "next_action": name,
        "sender_id": sender,
        "tracker": {
            "sender_id": sender,
            "slots": slots_of(flow, slots, server.slots),
            "latest_message": {
                "text": words,
                "intent": {},
                "entities": [],
                "message_id": turn.run_key,
                "metadata": {"message_id": turn.run_key, "language": turn.locale},
            },
            "latest_event_time": turn.now.timestamp(),
            "events": [],
            "paused": False,
            "followup_action": None,
            "active_loop": {},
            "latest_action_name": "action_listen",
            "stack": [{"frame_id": turn.run_key, "flow_id": flow.id, "type": "flow"}],
        },
        "domain": {
            "version": "3.1",
            "actions": [name],
            "slots": {each.name: {"type": each.type, "mappings": []} for each in flow.slots.values()},
            "responses": {
                response.name: [{"text": in_language(variant.text, turn.locale)} for variant in response.variants]
                for response in flow.responses.values()
            },
        },
        "version": "3.1",
    }


def remote_actions(
    settings: Settings, catalogue: Catalogue, pool: Pool, sharing: SqlSharing, ours: frozenset[str]
) -> list[RemoteAction]:
    """The actions that the settings give to other servers. Raises :class:`SettingsFault` for a name of ours."""
    if taken := sorted(settings.actions.remote_names & ours):
        raise SettingsFault([f"actions.remote: {', '.join(taken)}: there is such an action in this program"])
    return [
        RemoteAction(name, server, catalogue, pool, sharing)
        for server in settings.actions.remote
        for name in server.actions
    ]
