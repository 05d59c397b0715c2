"""What files that were read say about somebody who is erased: rows that wait, and rows that were rejected.

They are sealed with the house's key, which outlives the person, and a row that waits would make the person anew.
"""

import asyncio
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.customers.fields import normalise
from crm_adapter.encryption import DataKey, Keys, seal, seal_json, unseal, unseal_json
from crm_adapter.encryption.vault import house_key
from crm_adapter.imports.mapping import KEY
from crm_adapter.imports.tables import import_pieces, import_rejections, imports
from crm_adapter.port import BadField
from crm_adapter.tables import external_keys

ERASED = "erased"
"""Why such a row is not taken; nothing else is left of it."""
KNOWN_AS = ("name", "phone", "email")
_PAGE = 50
_TAIL = 8
IsTheirs = Callable[[Mapping[str, str]], bool]


@dataclass(frozen=True, slots=True)
class Traces:
    """What a row can know the person by: ``values`` are names, phones and e-mails as the store has them, by field."""

    keys: Keys
    key_blinds: frozenset[bytes]
    values: frozenset[tuple[str, str]]

    def of(self, system: str) -> IsTheirs:
        """Whether a row of a file from ``system`` is about them: by its key, or by phone or e-mail and no other name.

        A switchboard's number is everybody's.
        """
        names = {value.casefold() for field, value in self.values if field == "name"}
        tails = {value[-_TAIL:] for field, value in self.values if field == "phone"}
        mails = {value.casefold() for field, value in self.values if field == "email"}

        def is_theirs(values: Mapping[str, str]) -> bool:
            key = values.get(KEY)
            if key and self.keys.blind("external_key", system, key) in self.key_blinds:
                return True
            name = values.get("name", "").strip().casefold()
            if name and names and name not in names:
                return False
            if values.get("email", "").strip().casefold() in mails:
                return True
            digits = "".join(one for one in values.get("phone", "") if one.isdigit())
            return digits[-_TAIL:] in tails and self._is_their_phone(values["phone"])

        return is_theirs

    def _is_their_phone(self, phone: str) -> bool:
        try:
            return ("phone", normalise("phone", phone)) in self.values
        except BadField:
            return True  # it ends like theirs, and nobody can be made of it


async def traces_of(
    connection: AsyncConnection, keys: Keys, family: Iterable[UUID], values: Iterable[tuple[str, str]]
) -> Traces:
    """Of the family that told ``values`` of the fields :data:`KNOWN_AS`; to be asked while it is still there."""
    query = select(external_keys.c.key_blind).where(external_keys.c.contact_id.in_(list(family)))
    blinds = frozenset(bytes(one) for one in await connection.scalars(query))
    return Traces(keys, blinds, frozenset(values))


async def forget_in_imports(connection: AsyncConnection, traces: Traces) -> int:
    """Empties their rows, which stay as rejected ones so that the counts hold; how many there were.

    An import that works on a piece at this moment ends it first, and none goes on before the caller's transaction ends.
    """
    waiting = select(imports.c.id, imports.c.system).where(
        select(import_pieces.c.import_id).where(import_pieces.c.import_id == imports.c.id).exists()
    )
    count = 0
    for row in (await connection.execute(waiting.order_by(imports.c.id).with_for_update())).all():
        count += await _in_pieces(connection, traces, row.id, traces.of(row.system))
    return count + await _in_rejections(connection, traces)


async def _in_pieces(connection: AsyncConnection, traces: Traces, import_id: UUID, is_theirs: IsTheirs) -> int:
    house = await house_key(connection, traces.keys)
    query = select(import_pieces.c.number, import_pieces.c.sealed).where(import_pieces.c.import_id == import_id)
    count, after = 0, -1
    while True:
        page = query.where(import_pieces.c.number > after).order_by(import_pieces.c.number).limit(_PAGE)
        rows = (await connection.execute(page)).all()
        if not rows:
            return count
        after = rows[-1].number
        for row in rows:
            found, sealed = await asyncio.to_thread(_emptied, house, import_id, bytes(row.sealed), is_theirs)
            if found:
                count += found
                changed = update(import_pieces).where(
                    import_pieces.c.import_id == import_id, import_pieces.c.number == row.number
                )
                await connection.execute(changed.values(sealed=sealed))


def _emptied(house: DataKey, import_id: UUID, sealed: bytes, is_theirs: IsTheirs) -> tuple[int, bytes]:
    entries = json.loads(zlib.decompress(unseal(house, "import_pieces.sealed", import_id, sealed)))
    theirs = [number for number, (_, values, _) in enumerate(entries) if is_theirs(values)]
    if not theirs:
        return 0, sealed
    for number in theirs:
        entries[number] = [entries[number][0], {}, ["", ERASED]]
    clear = zlib.compress(json.dumps(entries, ensure_ascii=False).encode("utf-8", "surrogatepass"), 1)
    return len(theirs), seal(house, "import_pieces.sealed", import_id, clear)


async def _in_rejections(connection: AsyncConnection, traces: Traces) -> int:
    query = select(import_rejections.c.id, import_rejections.c.sealed, imports.c.system).join(imports)
    count, after = 0, UUID(int=0)
    while True:
        page = query.where(import_rejections.c.id > after).order_by(import_rejections.c.id).limit(_PAGE * _PAGE)
        rows = (await connection.execute(page)).all()
        if not rows:
            return count
        after = rows[-1].id
        house = await house_key(connection, traces.keys)
        for number in await asyncio.to_thread(_theirs_among, house, traces, rows):
            count += 1
            sealed = seal_json(house, "import_rejections.sealed", number, {"field": "", "code": ERASED, "values": {}})
            await connection.execute(
                update(import_rejections).where(import_rejections.c.id == number).values(sealed=sealed)
            )


def _theirs_among(house: DataKey, traces: Traces, rows: Sequence[Row[UUID, bytes, str]]) -> list[UUID]:
    of = {system: traces.of(system) for _, _, system in rows}
    told = ((row, unseal_json(house, "import_rejections.sealed", row.id, bytes(row.sealed))) for row in rows)
    return [row.id for row, content in told if of[row.system](content["values"])]
