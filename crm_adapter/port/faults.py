"""How a store refuses."""

from collections.abc import Sequence

from crm_adapter.records.rights import OpenRequest


class CrmFault(Exception):
    """Any refusal of the store; nothing was written."""


class NotSupported(CrmFault):
    """The adapter lacks the capability."""


class UnknownRecord(CrmFault):
    """There is no contact, case, task, merge or segment of that id."""


class VersionConflict(CrmFault):
    """Somebody changed the record since the caller read it; ``actual`` is the version it has now."""

    def __init__(self, actual: int) -> None:
        super().__init__(f"the record is at version {actual}")
        self.actual = actual


class BadField(CrmFault):
    """A value is not what its field holds; the old one stands. ``code`` names why, for a text in any language."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


class Refused(CrmFault):
    """The rules do not allow it; ``code`` names why (``bad_transition``, ``already_undone``, ``same_contact``, …)."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
        """For the text that explains the code."""


class OpenRequests(Refused):
    """``open_requests``: whom an erasure would erase still waits for the answer to other requests."""

    def __init__(self, requests: Sequence[OpenRequest]) -> None:
        told = [{"id": one.id, "kind": one.kind, "state": one.state, "due_at": one.due_at} for one in requests]
        super().__init__("open_requests", count=len(told), requests=told)
        self.requests = tuple(requests)
