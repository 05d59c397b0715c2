"""Customers who talk about consent, their own data and their profile, through whole turns on a real PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.domain.message import Inbound
from bot.flows.catalogue import OURS
from bot.flows.dialog import Dialog
from bot.flows.engine.terms import Terms
from bot.flows.facts import Findings, Wish
from bot.flows.model import Definitions
from bot.flows.reading import flow_from_document, read_definitions
from bot.flows.understanding import understand
from bot.flows.understanding.plain import plain
from bot.handlers.executing import Actions
from bot.handlers.registry import ACTIONS, make_actions
from bot.outgoing import Codes, Outgoing
from bot.outgoing.listing import list_shown
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.bodies import open_body, open_state
from bot.storage.pool import Pool
from bot.turns.acting import Actor
from bot.turns.decide import Decider
from bot.turns.take import Turns
from crm_adapter.encryption.vault import load_key
from crm_adapter.records.consent import ConsentEntry
from crm_adapter.records.rights import PrivacyRequest
from tests.integration.flows.case_talk import Customer as Talker
from tests.integration.flows.case_talk import Shelf

_ROOMS = ("confirmation", "consent", "identity", "privacy", "profile", "requests", "withdrawal")
_FILES = (
    "close_account", "confirm_by_code", "consent_choices", "consent_notice", "dialog_responses", "guardian_consent",
    "nlu", "patterns", "privacy_correct", "privacy_delete", "privacy_export", "privacy_limits", "privacy_view",
    "profile", "withdraw_consent",
)  # fmt: skip


class Wishes(Shelf):
    """Also knows what is wanted by a sentence that stands among the examples."""

    def __init__(self, definitions: Definitions) -> None:
        self._flows = {
            plain(example): intent.flow
            for intent in definitions.intents
            for examples in intent.examples.values()
            for example in examples
        }

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        flow = self._flows.get(plain(text))
        if flow:
            return Findings("nothing", (), (Wish(flow, 0.99),), lead=1.0, sure=True)
        return super().search(text, locale)


class Customer(Talker):
    """Somebody who talks about their own data; ``assurance`` is how sure the channel is of who they are."""

    assurance = "anonymous"

    def inbound(self, *args: Any, **more: Any) -> Inbound:
        """See :meth:`case_talk.Customer.inbound`."""
        return replace(super().inbound(*args, **more), assurance=self.assurance)

    async def press(self, label: str) -> str:
        """What is answered to the tap of the choice of that label."""
        choice = next(one["id"] for one in self.choices if one["label"] == label)
        return await self.send({"text": label, "choice": choice})

    async def ledger(self) -> Sequence[ConsentEntry]:
        """Every consent event, newest first, without the notices that were shown."""
        history = await self._house.store.consent_history(await self.contact())
        return [one for one in history if one.event != "notice_shown"]

    async def requests(self) -> Sequence[PrivacyRequest]:
        """The customer's requests, newest first."""
        return await self._house.store.privacy_requests_of(await self.contact())

    async def fact(self, field: str) -> str | None:
        """What stands in a field of the profile."""
        facts = (await self._house.store.contact(await self.contact())).facts
        return facts[field].value if field in facts else None

    async def code(self) -> str:
        """The code that was sent last."""
        async with self._house.engine.connect() as connection:
            return (await list_shown(connection, KEYS))[0].letter.code

    async def line(self, message_id: str | None) -> dict[str, Any]:
        """One message as it is stored."""
        query = text(
            "SELECT m.sealed_body, i.key_id FROM bot.messages m"
            " JOIN bot.conversations c ON c.id = m.conversation_id"
            " JOIN crm.identities i ON i.id = c.identity_id WHERE m.id = :id"
        )
        async with self._house.engine.connect() as connection:
            row = (await connection.execute(query, {"id": message_id})).one()
            return open_body(await load_key(connection, KEYS, row.key_id), UUID(message_id), row.sealed_body)

    async def state(self) -> dict[str, Any]:
        """What the conversation remembers, in clear."""
        query = text(
            "SELECT c.id, c.sealed_state, i.key_id FROM bot.conversations c"
            " JOIN crm.identities i ON i.id = c.identity_id WHERE c.id = :id"
        )
        async with self._house.engine.connect() as connection:
            row = (await connection.execute(query, {"id": self.last.conversation_id})).one()
            return open_state(await load_key(connection, KEYS, row.key_id), row.id, row.sealed_state)


class House:
    """Turns with the flows and actions about consent, rights and profile."""

    def __init__(self, pool: Pool, engine: AsyncEngine, settings: Settings) -> None:
        self.pool, self.engine, self.settings = pool, engine, settings
        self.store = open_crm(settings, engine, KEYS)
        codes = Codes(engine, Outgoing(settings, KEYS), self.store.within)
        services = {"settings": settings, "keys": KEYS, "crm": self.store, "codes": codes}
        ours = tuple(one for one in ACTIONS if one.__module__.rsplit(".", 1)[1] in _ROOMS)
        texts = {name: (Path(OURS) / f"{name}.yml").read_text(encoding="utf-8") for name in _FILES}
        self.definitions = read_definitions(texts)
        terms = Terms({"hours": "24"})
        dialog = Dialog(lambda: self.definitions, understand, Wishes(self.definitions), terms, flow_from_document)
        decider = Decider(dialog.turn, dialog.apologise, 5.0, crashes_allowed=2)
        actor = Actor(Actions(make_actions(services, ours)), self.store, KEYS, 10.0)
        self.turns = Turns(pool, decider, KEYS, actor)

    def customer(self, identity: str = "visitor:1", locale: str = "zh-Hans") -> Customer:
        """Somebody who writes."""
        return Customer(self, identity, locale)  # type: ignore[arg-type]
