"""How a case goes: accept → investigate → plan → execute → feed back (CO2), mediation and litigation (CO3).

Pure: every adapter takes its steps by these rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from crm_adapter.policy import Policy
from crm_adapter.port import Refused
from crm_adapter.records.service import CaseKind, CaseState, RootCause

TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = {
    # What can be settled at once is answered at once; what was opened twice or taken back is closed at once.
    "open": frozenset({"investigating", "planned", "answered", "closed"}),
    "investigating": frozenset({"planned", "answered", "mediation", "closed"}),
    "planned": frozenset({"investigating", "executing", "answered", "mediation"}),
    "executing": frozenset({"investigating", "planned", "answered", "mediation"}),
    # The customer is heard (CO4): content, not content, or in dispute.
    "answered": frozenset({"resolved", "reopened", "mediation", "closed"}),
    "resolved": frozenset({"closed", "reopened"}),
    "reopened": frozenset({"investigating", "planned", "answered", "mediation", "closed"}),
    "mediation": frozenset({"planned", "executing", "answered", "resolved", "litigation"}),
    "litigation": frozenset({"executing", "resolved", "closed"}),
    "closed": frozenset({"reopened"}),
}
GRIEVANCES: frozenset[CaseKind] = frozenset({"complaint", "dispute"})
"""Kinds with a first handling opinion (SL2), a named owner (CO6) and a root cause (CO5)."""
_WITHOUT_OPINION: frozenset[CaseState] = frozenset({"open", "investigating", "reopened"})
_FED_BACK: frozenset[CaseState] = frozenset({"answered", "resolved", "closed"})
_STAFF = "staff:"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a step changes of a case."""

    state: CaseState
    owner_id: UUID | None
    final_due_at: datetime | None
    first_done_at: datetime | None = None
    final_done_at: datetime | None = None
    closed_at: datetime | None = None
    root_cause: RootCause | None = None

    def values(self) -> dict[str, Any]:
        """By the names that a case and its row have for them."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def standing_of(case: Any) -> Standing:
    """What may change of a case, whether it is a record or a row."""
    return Standing(**{one.name: getattr(case, one.name) for one in fields(Standing)})


def first_due(policy: Policy, kind: CaseKind, opened_at: datetime) -> datetime | None:
    """When the first handling opinion (SL2) or answer (SL1) is due; ``None`` for a suggestion, only owed a result."""
    if kind == "suggestion":
        return None
    return opened_at + timedelta(hours=policy.first_opinion_h if kind in GRIEVANCES else policy.answer_h)


def final_due(policy: Policy, category: str, since: datetime) -> datetime | None:
    """SL8: when the result is due; ``None`` when the policy has neither the category nor a default."""
    days = policy.final_result_days.get(category, policy.final_result_days.get("default"))
    return None if days is None else since + timedelta(days=days)


def step(
    policy: Policy,
    kind: CaseKind,
    category: str,
    before: Standing,
    to: CaseState,
    by: str,
    at: datetime,
    root_cause: RootCause | None,
) -> Standing:
    """The case after the step.

    A case that is reopened owes its result anew, within the same time from now. Raises :class:`Refused`
    ``bad_transition``, ``owner_needed``, ``root_cause_needed``.
    """
    if to not in TRANSITIONS[before.state]:
        raise Refused("bad_transition")
    owner = before.owner_id or staff_of(by)
    cause = root_cause or before.root_cause
    if kind in GRIEVANCES and owner is None:
        raise Refused("owner_needed")
    if kind in GRIEVANCES and to == "closed" and cause is None:
        raise Refused("root_cause_needed")
    reopened = to == "reopened"
    return Standing(
        state=to,
        owner_id=owner,
        final_due_at=final_due(policy, category, at) if reopened else before.final_due_at,
        first_done_at=before.first_done_at or (None if to in _WITHOUT_OPINION else at),
        final_done_at=None if reopened else before.final_done_at or (at if to in _FED_BACK else None),
        closed_at=at if to == "closed" else None,
        root_cause=cause,
    )


def assign(before: Standing, owner_id: UUID) -> Standing:
    """The case with another owner. Raises :class:`Refused` ``already_closed``."""
    if before.state == "closed":
        raise Refused("already_closed")
    return replace(before, owner_id=owner_id)


def staff_of(by: str) -> UUID | None:
    """The member of staff that ``by`` names, if it names one."""
    if not by.startswith(_STAFF):
        return None
    try:
        return UUID(by.removeprefix(_STAFF))
    except ValueError:
        return None
