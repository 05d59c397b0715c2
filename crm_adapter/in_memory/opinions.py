"""Opinions in memory."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_adapter.in_memory.state import Opinion, Room
from crm_adapter.opinions.checks import check_score
from crm_adapter.port import UnknownRecord
from crm_adapter.records.opinions import ArticleTally, OpinionKind, Reply, SurveyKind, Tally


class InMemoryOpinions(Room):
    """See :class:`crm_adapter.port.Opinions`."""

    async def rate_answer(
        self, contact_id: UUID, conversation_id: UUID, article_id: str, *, helpful: bool, at: datetime
    ) -> None:
        """See :meth:`crm_adapter.port.Opinions.rate_answer`."""
        self._state.person(contact_id)
        new = Opinion(self._state.new_id(), contact_id, "answer", article_id, conversation_id, at)
        said = (one for one in self._opinions_of("answer", article_id) if one.contact_id == contact_id)
        before = next((one for one in said if one.conversation_id == conversation_id), new)
        self._keep_opinion(replace(before, score=int(helpful), answered_at=at))

    async def ask_opinion(self, contact_id: UUID, kind: SurveyKind, conversation_id: UUID, at: datetime) -> UUID:
        """See :meth:`crm_adapter.port.Opinions.ask_opinion`."""
        self._state.person(contact_id)
        asked = Opinion(self._state.new_id(), contact_id, kind, "", conversation_id, at)
        self._keep_opinion(asked)
        return asked.id

    async def give_opinion(
        self, contact_id: UUID, opinion_id: UUID, score: int, reason: str | None, at: datetime
    ) -> None:
        """See :meth:`crm_adapter.port.Opinions.give_opinion`."""
        check_score(score)
        self._state.person(contact_id)
        asked = self._state.opinions.get(opinion_id)
        if asked is None or asked.contact_id != contact_id:
            raise UnknownRecord
        self._keep_opinion(replace(asked, score=score, words=reason or None, answered_at=at))

    async def last_asked(self, contact_id: UUID) -> Mapping[str, datetime]:
        """See :meth:`crm_adapter.port.Opinions.last_asked`."""
        family = self._state.family(contact_id)
        asked = [one for kind in ("satisfaction", "nps") for one in self._opinions_of(kind) if one.contact_id in family]
        return {one.kind: one.asked_at for one in sorted(asked, key=lambda one: one.asked_at)}

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
        family = self._state.family(contact_id)
        for one in list(self._opinions_of("questionnaire", name)):
            if one.contact_id in family and one.version == version:
                del self._state.opinions[one.id]
        number, words = self._state.new_id(), dict(answers)
        self._keep_opinion(
            Opinion(number, contact_id, "questionnaire", name, conversation_id, at, at, version=version, words=words)
        )

    async def tally(self, kind: SurveyKind, since: datetime) -> Tally:
        """See :meth:`crm_adapter.port.Opinions.tally`."""
        asked = [one for one in self._opinions_of(kind) if one.asked_at >= since]
        scores = Counter(one.score for one in asked if one.score is not None)
        return Tally(len(asked), dict(sorted(scores.items())))

    async def article_tallies(self, since: datetime) -> Sequence[ArticleTally]:
        """See :meth:`crm_adapter.port.Opinions.article_tallies`."""
        rated = [one for one in self._state.opinions.values() if one.kind == "answer"]
        said = Counter((one.topic, one.score) for one in rated if one.answered_at and one.answered_at >= since)
        topics = {topic for topic, _ in said}
        found = [ArticleTally(topic, said[topic, 1], said[topic, 0]) for topic in topics]
        return sorted(found, key=lambda one: (-one.unhelpful, one.article_id))

    async def replies(self, kind: OpinionKind, name: str = "", since: datetime | None = None) -> Sequence[Reply]:
        """See :meth:`crm_adapter.port.Opinions.replies`."""
        given = [(one.answered_at, one.id, one) for one in self._opinions_of(kind, name) if one.answered_at is not None]
        return [_reply(one, at) for at, _, one in sorted(given) if since is None or at >= since]

    def _opinions_of(self, kind: OpinionKind, topic: str = "") -> Iterable[Opinion]:
        return (one for one in self._state.opinions.values() if (one.kind, one.topic) == (kind, topic))

    def _keep_opinion(self, opinion: Opinion) -> None:
        self._state.opinions[opinion.id] = opinion


def _reply(one: Opinion, at: datetime) -> Reply:
    answers = one.words if isinstance(one.words, dict) else {}
    said = one.words if isinstance(one.words, str) else None
    return Reply(one.contact_id, at, one.version, one.score, said, answers)
