"""Opinions in SQL. Scores and choices' counts are figures; reasons and answers are sealed with the customer's key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from crm_adapter.customers.families import members_of, root_of
from crm_adapter.encryption import DataKey, key_id_of, seal_json, unseal_json
from crm_adapter.encryption.vault import load_keys
from crm_adapter.opinions.checks import check_score
from crm_adapter.opinions.tables import opinions
from crm_adapter.port import UnknownRecord
from crm_adapter.records.opinions import ArticleTally, OpinionKind, Reply, SurveyKind, Tally
from crm_adapter.service.holder import hold
from crm_adapter.session import Session

_PLACE = "opinions.words"


class SqlOpinions(Session):
    """See :class:`crm_adapter.port.Opinions`."""

    async def rate_answer(
        self, contact_id: UUID, conversation_id: UUID, article_id: str, *, helpful: bool, at: datetime
    ) -> None:
        """See :meth:`crm_adapter.port.Opinions.rate_answer`."""
        async with self._work() as connection:
            await _key(connection, self, contact_id)
            said_before = (
                opinions.c.contact_id == contact_id,
                opinions.c.kind == "answer",
                opinions.c.topic == article_id,
                opinions.c.conversation_id == conversation_id,
            )
            score = int(helpful)
            changed = update(opinions).where(*said_before).values(score=score, answered_at=at).returning(opinions.c.id)
            if (await connection.execute(changed)).first() is None:
                await connection.execute(
                    insert(opinions).values(
                        id=uuid7(),
                        contact_id=contact_id,
                        kind="answer",
                        topic=article_id,
                        score=score,
                        conversation_id=conversation_id,
                        asked_at=at,
                        answered_at=at,
                    )
                )

    async def ask_opinion(self, contact_id: UUID, kind: SurveyKind, conversation_id: UUID, at: datetime) -> UUID:
        """See :meth:`crm_adapter.port.Opinions.ask_opinion`."""
        async with self._work() as connection:
            await _key(connection, self, contact_id)
            opinion_id = uuid7()
            asked = insert(opinions).values(
                id=opinion_id, contact_id=contact_id, kind=kind, conversation_id=conversation_id, asked_at=at
            )
            await connection.execute(asked)
        return opinion_id

    async def give_opinion(
        self, contact_id: UUID, opinion_id: UUID, score: int, reason: str | None, at: datetime
    ) -> None:
        """See :meth:`crm_adapter.port.Opinions.give_opinion`."""
        check_score(score)
        async with self._work() as connection:
            key = await _key(connection, self, contact_id)
            sealed = seal_json(key, _PLACE, opinion_id, reason) if reason else None
            given = (
                update(opinions)
                .where(opinions.c.id == opinion_id, opinions.c.contact_id == contact_id)
                .values(score=score, sealed_words=sealed, answered_at=at)
                .returning(opinions.c.id)
            )
            if (await connection.execute(given)).first() is None:
                raise UnknownRecord("this survey was never asked")

    async def last_asked(self, contact_id: UUID) -> dict[str, datetime]:
        """See :meth:`crm_adapter.port.Opinions.last_asked`."""
        async with self._work() as connection:
            family = members_of(await root_of(connection, contact_id))
            query = (
                select(opinions.c.kind, func.max(opinions.c.asked_at))
                .where(opinions.c.contact_id.in_(family), opinions.c.kind.in_(("satisfaction", "nps")))
                .group_by(opinions.c.kind)
            )
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def keep_answers(
        self,
        contact_id: UUID,
        conversation_id: UUID,
        name: str,
        version: str,
        answers: Mapping[str, Any],
        at: datetime,
    ) -> None:
        """See :meth:`crm_adapter.port.Opinions.keep_answers`."""
        async with self._work() as connection:
            key = await _key(connection, self, contact_id)
            family = members_of(await root_of(connection, contact_id))
            await connection.execute(
                delete(opinions).where(
                    opinions.c.contact_id.in_(family),
                    opinions.c.kind == "questionnaire",
                    opinions.c.topic == name,
                    opinions.c.version == version,
                )
            )
            opinion_id = uuid7()
            await connection.execute(
                insert(opinions).values(
                    id=opinion_id,
                    contact_id=contact_id,
                    kind="questionnaire",
                    topic=name,
                    version=version,
                    sealed_words=seal_json(key, _PLACE, opinion_id, dict(answers)),
                    conversation_id=conversation_id,
                    asked_at=at,
                    answered_at=at,
                )
            )

    async def tally(self, kind: SurveyKind, since: datetime) -> Tally:
        """See :meth:`crm_adapter.port.Opinions.tally`."""
        query = (
            select(opinions.c.score, func.count())
            .where(opinions.c.kind == kind, opinions.c.asked_at >= since)
            .group_by(opinions.c.score)
        )
        async with self._work() as connection:
            counts = {row[0]: row[1] for row in await connection.execute(query)}
        scores = {
            score: number for score, number in sorted(counts.items(), key=lambda one: one[0] or 0) if score is not None
        }
        return Tally(sum(counts.values()), scores)

    async def article_tallies(self, since: datetime) -> Sequence[ArticleTally]:
        """See :meth:`crm_adapter.port.Opinions.article_tallies`."""
        helpful = func.count().filter(opinions.c.score == 1)
        unhelpful = func.count().filter(opinions.c.score == 0)
        query = (
            select(opinions.c.topic, helpful, unhelpful)
            .where(opinions.c.kind == "answer", opinions.c.answered_at >= since)
            .group_by(opinions.c.topic)
            .order_by(unhelpful.desc(), opinions.c.topic)
        )
        async with self._work() as connection:
            return [ArticleTally(*row) for row in await connection.execute(query)]

    async def replies(self, kind: OpinionKind, name: str = "", since: datetime | None = None) -> Sequence[Reply]:
        """See :meth:`crm_adapter.port.Opinions.replies`."""
        query = select(opinions).where(
            opinions.c.kind == kind, opinions.c.topic == name, opinions.c.answered_at.is_not(None)
        )
        if since is not None:
            query = query.where(opinions.c.answered_at >= since)
        async with self._work() as connection:
            rows = (await connection.execute(query.order_by(opinions.c.answered_at, opinions.c.id))).all()
            wanted = {key_id_of(row.sealed_words) for row in rows if row.sealed_words}
            keys = await load_keys(connection, self._keys, wanted)
        return [_reply(row, keys) for row in rows]


async def _key(connection: AsyncConnection, session: SqlOpinions, contact_id: UUID) -> DataKey:
    """The contact's key; the contact is neither merged nor erased until the transaction ends."""
    holder = await hold(connection, session._keys, contact_id)
    if holder is None or holder.key is None:
        raise UnknownRecord(f"there is no contact {contact_id}")
    return holder.key


def _reply(row: Row[*tuple[Any, ...]], keys: Mapping[UUID, DataKey]) -> Reply:
    words: Any = None
    if row.sealed_words is not None and (key := keys.get(key_id_of(row.sealed_words))) is not None:
        words = unseal_json(key, _PLACE, row.id, row.sealed_words)
    answers = words if isinstance(words, dict) else {}
    said = words if isinstance(words, str) else None
    return Reply(row.contact_id, row.answered_at, row.version, row.score, said, answers)
