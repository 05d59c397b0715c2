"""Working through an import, a piece in each transaction: killed anywhere, it goes on where it stood.

The dry run does all that the real one does for known customers and takes each piece back, so what it foretells is what
would happen.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Self
from uuid import UUID

import structlog
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from crm_adapter.encryption import Keys, seal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.imports.newcomers import take_newcomers
from crm_adapter.imports.orders import PIECE, Import, import_of, read_piece
from crm_adapter.imports.origins import Origin, note_origins
from crm_adapter.imports.rows import Candidate, Entry, Rejection, candidate_of
from crm_adapter.imports.tables import import_pieces, import_rejections, imports
from crm_adapter.port import BadField, CrmFault, Customers, Refused
from crm_adapter.records.customers import Ambiguous, Created, ExternalKey, Noop, Provenance
from crm_adapter.tables import external_keys

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
COUNTED = ("created", "updated", "unchanged", "ambiguous", "rejected", "quarantined")
_TRIES, _PAUSE_S = 5, 0.5
# Another import or a merge was at the same contacts: the piece was rolled back and is worked on again.
_PASSING = frozenset({"40001", "40P01", "55P03"})


class ContactStore(Customers, Protocol):
    """A store that can work inside our transaction."""

    def within(self, connection: AsyncConnection) -> Self:
        """The same store, on the caller's connection."""
        ...


class Outcome:
    """What came of one piece."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rejections: list[Rejection] = []
        self.origins: list[Origin] = []

    def reject(self, entry: Entry, field: str, code: str) -> None:
        """Counts the row under its reason and keeps it for the report."""
        self.rejections.append(Rejection(entry.line, field, code, entry.values))

    def added_to(self, counts: Mapping[str, Any]) -> dict[str, Any]:
        """The import's counts with these."""
        reasons = Counter(counts.get("reasons", {})) + Counter(one.code for one in self.rejections)
        whole = {name: counts.get(name, 0) + self.counts[name] for name in COUNTED}
        return {**whole, "reasons": dict(reasons)}


class Importer:
    """Works on imports; any number of processes may, also on the same one."""

    def __init__(self, engine: AsyncEngine, keys: Keys, store: ContactStore) -> None:
        self._engine = engine
        self._keys = keys
        self._store = store

    async def work(self, import_id: UUID, progress: Progress | None = None) -> None:
        """Ends the dry run of a new import, or the real one of a started import; of any other it does nothing."""
        while await self._patiently(import_id, progress):
            pass

    async def _patiently(self, import_id: UUID, progress: Progress | None) -> bool:
        for left in reversed(range(_TRIES)):
            try:
                return await self._piece(import_id, progress)
            except OperationalError as fault:
                if not left or getattr(fault.orig, "sqlstate", None) not in _PASSING:
                    raise
                await asyncio.sleep(_PAUSE_S)
        return False

    async def _piece(self, import_id: UUID, progress: Progress | None) -> bool:
        """One piece, with how far we are and what was rejected in the same transaction; whether there is more."""
        async with self._engine.begin() as connection:
            # Tables grow while we work: a plan made when they were small would go on reading them whole.
            await connection.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))
            query = select(imports).where(imports.c.id == import_id, imports.c.state.in_(("new", "running")))
            row = (await connection.execute(query.with_for_update())).one_or_none()
            if row is None:
                return False
            house = await house_key(connection, self._keys)
            entries = await read_piece(connection, house, import_id, row.rows_done // PIECE)
            order, outcome = import_of(house, row), Outcome()
            candidates = await asyncio.to_thread(_sort, entries, order, outcome)
            if order.state == "new":
                candidates = await self._foretell(connection, order, candidates, outcome)
            trial = await connection.begin_nested()
            await self._take(connection, order, _time_of(row), candidates, outcome)
            if order.state == "new":
                await trial.rollback()
            else:
                await trial.commit()
                rejected = [_sealed(house, import_id, one) for one in outcome.rejections]
                if rejected:
                    await connection.execute(insert(import_rejections), rejected)
            done = order.rows_done + len(entries)
            await _move_on(connection, order, done, outcome)
        if progress is not None:
            progress(done, order.rows_total)
        return done < order.rows_total

    async def _foretell(
        self,
        connection: AsyncConnection,
        order: Import,
        candidates: Sequence[tuple[Entry, Candidate]],
        outcome: Outcome,
    ) -> list[tuple[Entry, Candidate]]:
        """Those of the rows that have to be tried. A key that nobody has makes a new contact: what a file says is only
        claimed, so it joins nobody else's."""
        blind_of = {one.key: self._keys.blind("external_key", order.system, one.key) for _, one in candidates}
        query = select(external_keys.c.key_blind).where(
            external_keys.c.system == order.system, external_keys.c.key_blind.in_(blind_of.values())
        )
        known = set((await connection.execute(query)).scalars())
        tried = [(entry, one) for entry, one in candidates if blind_of[one.key] in known]
        new = [one for _, one in candidates if blind_of[one.key] not in known]
        outcome.counts["created"] += len(new)
        outcome.counts["quarantined"] += sum(one.basis is None for one in new)
        return tried

    async def _take(
        self,
        connection: AsyncConnection,
        order: Import,
        at: datetime,
        candidates: Sequence[tuple[Entry, Candidate]],
        outcome: Outcome,
    ) -> None:
        store = self._store.within(connection)
        by = f"import:{order.id}"
        provenance = Provenance(source="import", set_by=by, at=at)
        every = [one for _, one in candidates]
        made = await take_newcomers(connection, self._keys, order.system, provenance, every)
        outcome.counts["created"] += len(made)
        outcome.counts["quarantined"] += sum(one.line in made and one.basis is None for one in every)
        outcome.origins += [Origin(made[one.line], one.basis) for one in every if one.line in made]
        for entry, one in candidates:
            if one.line in made:
                continue
            try:
                done = await store.upsert_contact(
                    ExternalKey(order.system, one.key),
                    one.fields,
                    provenance,
                    locale=one.locale,
                    kind=one.kind,
                    lawful_basis=one.basis.kind if one.basis else None,
                    quarantined=one.basis is None,
                )
            except BadField as bad:
                outcome.reject(entry, bad.field, bad.code)
            except CrmFault as fault:
                outcome.reject(entry, "", fault.code if isinstance(fault, Refused) else "refused")
            else:
                if isinstance(done, Ambiguous):
                    outcome.counts["ambiguous"] += 1
                    outcome.reject(entry, "", "ambiguous")
                    continue
                if isinstance(done, Noop):
                    outcome.counts["unchanged"] += 1
                    continue
                outcome.counts["created" if isinstance(done, Created) else "updated"] += 1
                outcome.counts["quarantined"] += isinstance(done, Created) and one.basis is None
                outcome.origins.append(Origin(done.contact_id, one.basis))
        outcome.counts["rejected"] += len(outcome.rejections) - outcome.counts["ambiguous"]
        await note_origins(connection, self._keys, order.id, order.by, outcome.origins)


def _sort(entries: Sequence[Entry], order: Import, outcome: Outcome) -> list[tuple[Entry, Candidate]]:
    fit = []
    for entry in entries:
        found = candidate_of(entry, order.basis)
        if isinstance(found, Rejection):
            outcome.rejections.append(found)
        else:
            fit.append((entry, found))
    return fit


def _time_of(row: Row[Any]) -> datetime:
    time: datetime = row.started_at or row.at
    return time


def _sealed(house: Any, import_id: UUID, one: Rejection) -> dict[str, object]:
    id = uuid7()
    content = {"field": one.field, "code": one.code, "values": one.values}
    sealed = seal_json(house, "import_rejections.sealed", id, content)
    return {"id": id, "import_id": import_id, "line": one.line, "sealed": sealed}


async def _move_on(connection: AsyncConnection, order: Import, done: int, outcome: Outcome) -> None:
    values: dict[str, object] = {"rows_done": done, "counts": outcome.added_to(order.counts)}
    if done >= order.rows_total:
        if order.state == "new":
            values["state"] = "checked"
        else:
            values |= {"state": "finished", "finished_at": func.now()}
            await connection.execute(delete(import_pieces).where(import_pieces.c.import_id == order.id))
        log.info("import worked through", id=str(order.id), state=values["state"], rows=done)
    await connection.execute(update(imports).where(imports.c.id == order.id).values(values))
