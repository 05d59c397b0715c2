"""What stands after all these events; pure, so that the projection, its rebuild and other adapters agree.

- A grant counts from when it was given, everything else from when it reached us: in doubt it is against the use.
- For one contact the newest choice that covers a channel decides, made for that channel or for all (``*``).
- A choice made while contacts were one family covers them all. A refusal is kept with each of them, so that it stands
  on both sides when the merge is taken back; a grant with its own contact only, and it overrules older refusals of the
  members it covered while they still are a family. So neither merging nor unmerging ever widens a consent.
- Over the family, withdrawn beats refused beats granted beats expired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm_adapter.records.consent import ANY_CHANNEL, ConsentEventType, ConsentState

STATE_AFTER: Mapping[ConsentEventType, ConsentState] = {
    "granted": "granted",
    "guardian_granted": "granted",
    "refused": "refused",
    "objected": "refused",
    "withdrawn": "withdrawn",
    "expired": "expired",
}
"""``notice_shown`` moves nothing."""

_STRENGTH: Mapping[ConsentState, int] = {"withdrawn": 3, "refused": 2, "granted": 1, "expired": 0}


@dataclass(frozen=True, slots=True)
class Standing:
    """One row of the projection."""

    subject: UUID
    purpose: str
    channel: str
    recipient: str
    state: ConsentState
    guardian: bool
    covers: tuple[UUID, ...]
    event_id: UUID
    notice_hash: str
    notice_version: int
    since: datetime

    @property
    def age(self) -> tuple[datetime, UUID]:
        """Orders the choices of one contact."""
        return self.since, self.event_id


def moved_by(
    event: ConsentEventType, subject: UUID, covers: Iterable[UUID], occurred_at: datetime, received_at: datetime
) -> tuple[ConsentState, tuple[UUID, ...], datetime] | None:
    """The state an event leads to, for which contacts, and since when; ``None`` when it moves nothing."""
    state = STATE_AFTER.get(event)
    if state is None:
        return None
    if state == "granted":
        return state, (subject,), min(occurred_at, received_at)
    return state, tuple(covers), received_at


def decide(family: Iterable[Standing], purpose: str, channel: str, recipient: str) -> Standing | None:
    """The choice that decides for this family; ``family`` are all rows of all its members."""
    newest: dict[UUID, Standing] = {}
    for one in family:
        if one.purpose == purpose and one.recipient == recipient and one.channel in (channel, ANY_CHANNEL):
            before = newest.get(one.subject)
            if before is None or one.age > before.age:
                newest[one.subject] = one
    grants = [one for one in newest.values() if one.state == "granted"]
    standing = [
        one
        for one in newest.values()
        if one.state == "granted" or not any(one.subject in g.covers and g.age > one.age for g in grants)
    ]
    return max(standing, key=lambda one: (_STRENGTH[one.state], one.age), default=None)


def summary(family: Iterable[Standing]) -> list[tuple[str, Standing]]:
    """For each purpose, channel and recipient that anybody in the family chose for: the channel, and what decides."""
    rows = list(family)
    decided = ((channel, decide(rows, purpose, channel, recipient)) for purpose, channel, recipient in _subjects(rows))
    return [(channel, one) for channel, one in decided if one is not None]


def _subjects(rows: Iterable[Standing]) -> list[tuple[str, str, str]]:
    return sorted({(one.purpose, one.channel, one.recipient) for one in rows})
