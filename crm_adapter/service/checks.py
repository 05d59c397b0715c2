"""What a new case or task must be, before anything is stored."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from crm_adapter.port import BadField
from crm_adapter.records.service import CaseKind, NewCase, NewTask, RootCause

TEXT_LENGTH = 10_000
REF_LENGTH = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PRIORITIES = ("low", "normal", "high")


def check_case(case: NewCase) -> None:
    """Raises :class:`BadField` with ``empty``, ``too_long``, ``not_text``, ``not_allowed`` or ``no_zone``."""
    _check_choice("kind", case.kind, get_args(CaseKind))
    _check_choice("priority", case.priority, _PRIORITIES)
    _check_name("category", case.category)
    check_text("matter", case.matter)
    check_text("remedy", case.remedy, optional=True)
    check_text("reach", case.reach, optional=True)
    check_text("order_ref", case.order_ref, optional=True, longest=REF_LENGTH)
    _check_details(case.details)
    _check_time("opened_at", case.opened_at)


def check_task(task: NewTask) -> None:
    """Raises :class:`BadField` as :func:`check_case` does."""
    _check_name("kind", task.kind)
    check_text("subject", task.subject)
    _check_time("due_at", task.due_at)


def check_step(note: str, root_cause: str | None, told: str | None = None) -> None:
    """Raises :class:`BadField` for words that are no text, or a root cause that is none of the classes."""
    check_text("note", note, optional=True)
    check_text("told", told, optional=True)
    if root_cause is not None:
        _check_choice("root_cause", root_cause, get_args(RootCause))


def check_text(field: str, value: str | None, *, optional: bool = False, longest: int = TEXT_LENGTH) -> None:
    """Raises :class:`BadField` ``empty``, ``too_long`` or ``not_text`` (half of a surrogate pair)."""
    if not (value and value.strip()):
        if not optional:
            raise BadField(field, "empty")
        return
    if len(value) > longest:
        raise BadField(field, "too_long")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadField(field, "not_text") from None


def _check_details(details: Mapping[str, Any]) -> None:
    try:
        check_text("details", json.dumps(details, ensure_ascii=False))
    except (TypeError, ValueError):
        raise BadField("details", "not_allowed") from None


def _check_name(field: str, value: str) -> None:
    # It stands in clear, so it must not be somebody's words.
    if not _NAME.fullmatch(value):
        raise BadField(field, "not_allowed")


def _check_choice(field: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise BadField(field, "not_allowed")


def _check_time(field: str, value: datetime) -> None:
    if value.tzinfo is None:
        raise BadField(field, "no_zone")
