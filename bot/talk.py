"""The composition of a talk: flows, dialog, actions, turns, and what tells dialogs of events; for serve and worker."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.customers import open_crm
from bot.domain.decision import Decision, Situation, Turn
from bot.domain.message import Inbound
from bot.flows.catalogue import OURS, Catalogue
from bot.flows.checking import faults_of
from bot.flows.dialog import Dialog
from bot.flows.engine.terms import Terms
from bot.flows.facts import Facts
from bot.flows.model import Definitions
from bot.flows.reading import FlowFault
from bot.flows.understanding import understand
from bot.handlers.answers import wishes_of
from bot.handlers.executing import Actions
from bot.handlers.registry import make_actions
from bot.handlers.remote import remote_actions
from bot.handlers.surroundings import surroundings
from bot.outgoing import Codes, Outgoing
from bot.realtime import Realtime
from bot.settings import Settings
from bot.storage.blobs import BlobStore
from bot.storage.flow_documents import FlowDocuments, load_document
from bot.storage.pool import Connection, Pool
from bot.turns.acting import Actor
from bot.turns.decide import Decider
from bot.turns.events import Teller, event_jobs
from bot.turns.outside import Outside, outside_jobs
from bot.turns.take import Turns
from bot.turns.waking import Waker
from crm_adapter.encryption import Keys
from crm_adapter.sharing.store import SqlSharing
from knowledge_base.articles import Article

TALK_JOBS = {"events": event_jobs, "outside": outside_jobs}
"""What :func:`bot.jobs.make_jobs` is given, so that a worker can tell events and run outside actions."""


class TurningDialog(Protocol):
    """What turns ask of a dialog."""

    def turn(self, inbound: Inbound, situation: Situation) -> Turn:
        """One step; see :class:`bot.flows.dialog.Dialog`."""
        ...

    def apologise(self, inbound: Inbound, situation: Situation) -> Decision:
        """What is said when a step broke."""
        ...


class Talk:
    """Everything between a message and its answer. Call :meth:`open` before the first turn.

    ``services`` are offered to the actions beside those that are made here; an action's constructor names them.
    ``around`` may put something between the dialog and its turns that watches it.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        engine: AsyncEngine,
        keys: Keys,
        realtime: Realtime,
        facts: Facts,
        services: Mapping[str, Any] | None = None,
        around: Callable[[Dialog], TurningDialog] = lambda dialog: dialog,
    ) -> None:
        turn = settings.turn
        crm = open_crm(settings, engine, keys)
        outgoing = Outgoing(settings, keys)
        offered = {
            "settings": settings,
            "keys": keys,
            "crm": crm,
            "facts": facts,
            "outgoing": outgoing,
            "codes": Codes(engine, outgoing, crm.within),
            "blobs": BlobStore(settings.var_dir / "blobs", pool, keys),
            **(services or {}),
        }
        folders = [OURS, *([settings.flows.folder_in_use] if settings.flows.folder_in_use else [])]
        check = partial(_faults_of_the_company, settings.actions.remote_names)
        self.catalogue = Catalogue(folders, FlowDocuments(pool), check)
        ours = make_actions(offered)
        self.local_names = frozenset(action.name() for action in ours)
        remote = remote_actions(settings, self.catalogue, pool, SqlSharing(engine, keys, crm), self.local_names)
        self.actions = Actions([*ours, *remote])
        self._reload_s = settings.flows.reload_s
        self.dialog = Dialog(
            definitions=lambda: self.catalogue.current,
            understand=understand,
            facts=facts,
            terms=terms_of(settings, self.actions),
            revive=self.catalogue.remember,
        )
        driven = around(self.dialog)
        decider = Decider(driven.turn, driven.apologise, turn.decide_s, turn.crashes_before_person)
        self.actor = Actor(self.actions, crm, keys, turn.action_s, _Versions(self.catalogue))
        self.turns = Turns(pool, decider, keys, self.actor)
        self.teller = Teller(self.turns, pool, keys, realtime)
        self.outside = Outside(
            self.actions,
            crm,
            keys,
            self.teller,
            within_s=turn.outside_action_s,
            tries=turn.outside_action_tries,
        )
        self._waker = Waker(pool, self.teller)

    async def open(self) -> None:
        """Reads the flows and keeps their versions. Raises :class:`~bot.flows.reading.FlowFaults`."""
        await self.catalogue.open()

    def wishes(self) -> Sequence[Article]:
        """What the index is to find beside articles: what the flows in force are for. Call it after :meth:`open`."""
        return wishes_of(self.catalogue.current)

    async def watch(self) -> None:
        """Takes up changed flow files, for ever; in every process that decides."""
        await self.catalogue.run(self._reload_s)

    async def wake(self) -> None:
        """Tells dialogs of silence, for ever; in every process that works."""
        await self._waker.run()

    @property
    def job_parts(self) -> dict[str, Any]:
        """What its jobs find in their worker."""
        return {"teller": self.teller, "outside": self.outside}


class _Versions:
    """Versions of flows for the turns: of this process, else of the store."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def held(self, content_hash: str) -> Mapping[str, Any] | None:
        """See :class:`bot.turns.acting.Flows`."""
        flow = self._catalogue.flow(content_hash)
        return flow.document if flow is not None else None

    async def load(self, connection: Connection, content_hash: str) -> Mapping[str, Any] | None:
        """See :class:`bot.turns.acting.Flows`."""
        return await load_document(connection, content_hash)


def _faults_of_the_company(remote: frozenset[str], found: Definitions) -> Sequence[FlowFault]:
    """Ours are checked where they are built; no fault of ours may keep a company's house from opening."""
    return [fault for fault in faults_of(found, surroundings(remote)) if OURS not in Path(fault.file).parents]


def terms_of(settings: Settings, actions: Actions) -> Terms:
    """What the settings and the actions say to the dialog layer."""
    turn, flows = settings.turn, settings.flows
    return Terms(
        promises={"hours": f"{settings.service.answer_within_h:g}"},
        policy_url=f"{settings.base_url}/privacy",
        remind_s=flows.remind_after_min * 60,
        park_s=flows.park_after_min * 60,
        close_s=flows.park_after_min * 60,
        action_s=turn.outside_s,
        after_commit=actions.after_commit,
        inputs=actions.reads,
    )
