"""Plays a written conversation as a new customer's, through the whole program, and tells where it goes another way."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from bot.channels.terminal import render_lines
from bot.channels.web.render import render_message
from bot.channels.wechat.compose import Terms, compose
from bot.domain.message import Body, Inbound, Message, Taken
from bot.outgoing.listing import list_shown
from bot.rehearsal.conversations.comparing import Comparison
from bot.rehearsal.conversations.script import Case, Move
from bot.rehearsal.conversations.stage import Stage
from crm_adapter.identify import Sender
from crm_adapter.records.customers import Ambiguous, ExternalKey, Provenance
from crm_adapter.records.value import NewOrder

log = structlog.get_logger(__name__)

RENDERINGS: dict[str, Callable[[Message], object]] = {
    "web": render_message,
    "terminal": render_lines,
    "wechat": lambda message: compose([message.body], Terms("zh-Hans")),
}
"""How each channel shows a message: whatever is said has to be presentable on all of them."""
STEP = timedelta(seconds=7)
"""Between two messages of a customer."""
_VALUE = re.compile(r"\{(\w+)\}")
_TAP = re.compile(r"/(?:\w+\(.*\)|person|bot|skip|cancel|help)", re.DOTALL)
_PICTURE = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


class ProfileTaken(Exception):
    """Two cases of one run have customers with the same verified phone or e-mail."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a conversation went another way than written: ``file:line`` and why."""

    case: Case
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.case.file}:{self.line}: {self.case.name}: {self.why}"


class Player:
    """Plays cases one after the other on a stage; each has a customer, and a clock, of its own."""

    def __init__(self, stage: Stage, show: Callable[[str], None] | None = None) -> None:
        """``show`` is given every line that is said."""
        self._stage = stage
        self._show = show or (lambda line: None)

    async def play(self, case: Case) -> list[Departure]:
        """Everything that went another way; after a broken turn or a first departure the rest is not played."""
        self._show(f"── {case.name} ({case.file}:{case.line})")
        role = _Role(self._stage, case)
        await role.prepare()
        for move in case.moves:
            self._show(f"> {move.text or move.after or ''} {' '.join(move.files)}".rstrip())
            departures = [Departure(case, line, why) for line, why in await role.act(move)]
            for body in self._stage.watched.noted.replies:
                self._show(_shown(body))
            if departures:
                return departures
        return []


class _Role:
    """One customer: where they are in their conversation."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self._stage = stage
        self._case = case
        self._identity = f"visitor:{uuid4().hex}"
        self._now = datetime.now(UTC)
        self._taken: Taken | None = None
        self._known: dict[str, Any] = {}

    async def prepare(self) -> None:
        """What the store already has of this customer when the conversation begins."""
        about = self._case.about
        if not (about.get("profile") or about.get("orders")):
            return
        crm, now = self._stage.crm, self._now
        provenance = Provenance("import", f"import:{uuid4()}", now, "verified")
        made = await crm.upsert_contact(
            ExternalKey("rehearsal", uuid4().hex), about.get("profile", {}), provenance, locale=self._case.locale
        )
        if isinstance(made, Ambiguous):
            raise ProfileTaken(f"{self._case.file}:{self._case.line}: another customer has this phone or e-mail")
        contact_id = made.contact_id
        channel, account = self._case.channel, self._stage.account
        await crm.link_identity(contact_id, channel, account, self._identity, "verified", provenance)
        for order in about.get("orders", ()):
            written = {"days_ago": 3, **order}
            placed_at = now - timedelta(days=float(written.pop("days_ago")))
            await crm.put_order(NewOrder(contact_id, "rehearsal", placed_at=placed_at, **written))

    async def act(self, move: Move) -> list[tuple[int, str]]:
        """Does what the move says; the lines where something else came of it than written, and why."""
        watched = self._stage.watched
        watched.slots = self._case.slots
        watched.forget()
        if move.after is not None:
            await self._keep_silent(move.after)
        else:
            self._now += STEP
            self._taken = await self._stage.turns.take(self._inbound(await self._body(move)))
        noted = watched.noted
        self._known |= {name: value for name, value in noted.everything.items() if value is not None}
        faults = [(move.line, why) for why in self._unpresentable()]
        if noted.broken:
            faults.append((move.line, "the turn broke, and the customer got an apology"))
        comparison = Comparison(noted, self._stage.definitions().responses)
        return faults + [(line, why) for line, one in move.expected if (why := comparison.fault(one))]

    async def _keep_silent(self, span: timedelta) -> None:
        """The dialog is told of every time at which it wanted to be, up to then."""
        until = self._now + span
        while self._taken is not None:
            wake_at = await self._stage.wake_at(self._taken.identity_id)
            if wake_at is None or wake_at > until:
                break
            self._now = max(self._now + timedelta(seconds=1), wake_at)
            await self._stage.turns.take(self._inbound({}, "silence"))
        self._now = until

    def _inbound(self, body: Body, event: str | None = None) -> Inbound:
        number = uuid4().hex
        return Inbound(
            channel=self._case.channel,
            account=self._stage.account,
            external_id=number,
            identity=self._identity,
            assurance="verified" if self._case.about.get("verified") else "anonymous",
            locale=self._case.locale,
            body=body,
            received_at=self._now,
            trace_id=number,
            event=event,
        )

    async def _body(self, move: Move) -> Body:
        text = move.text
        if "{code}" in text:
            text = text.replace("{code}", await self._code())
        text = _VALUE.sub(lambda match: str(self._known.get(match[1], match[0])), text)
        body: Body = {"choice": text[1:]} if _TAP.fullmatch(text) else {"text": text} if text else {}
        if move.files:
            sender = Sender(self._case.channel, self._stage.account, self._identity, "anonymous", self._case.locale)
            blobs = [await self._stage.blobs.put(sender, name, _PICTURE) for name in move.files]
            body["attachments"] = [blob.as_json() for blob in blobs]
        return body

    async def _code(self) -> str:
        """The confirmation code that was sent last: nothing is sent in a rehearsal, so it is shown."""
        async with self._stage.engine.connect() as connection:
            shown = await list_shown(connection, self._stage.keys, limit=5)
        return next((one.letter.code for one in shown if one.letter.code), "000000")

    def _unpresentable(self) -> Sequence[str]:
        """Why a message that was said cannot be shown on one of the channels."""
        faults = []
        for message in self._taken.answers if self._taken else ():
            faults += [f"{channel} cannot show it: {why}" for channel, why in _render_everywhere(message)]
        return faults


def _shown(body: Body) -> str:
    choices = [f"    [{choice['label']}]" for choice in body.get("choices", ())]
    return "\n".join([f"  {body.get('text', '')}".replace("\n", "\n  "), *choices])


def _render_everywhere(message: Message) -> list[tuple[str, str]]:
    faults = []
    for channel, render in RENDERINGS.items():
        try:
            if not render(message):
                faults.append((channel, "nothing to be seen"))
        except Exception as error:
            faults.append((channel, type(error).__name__))
    if not (message.body.get("text") or message.body.get("attachments")):
        faults.append(("every channel", "a message without words"))
    return faults
