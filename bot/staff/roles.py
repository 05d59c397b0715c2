"""Who may do what (KP5: duties separated; PR4: least privilege).

A permission is a deed, a role a job. Routes name permissions, people hold roles; only this table joins them.
"""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    SESSION_OWN = "session.own"
    INTERACTIONS_READ = "interactions.read"
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    SEGMENTS_READ = "segments.read"
    SEGMENTS_WRITE = "segments.write"
    CONTACTS_MERGE = "contacts.merge"
    CONTACTS_IMPORT = "contacts.import"
    CONVERSATIONS_READ = "conversations.read"
    ARTICLES_READ = "articles.read"
    STAFF_MANAGE = "staff.manage"
    SYSTEM_READ = "system.read"
    SENSITIVE_READ = "sensitive.read"
    ACCESS_LOG_READ = "access_log.read"
    SHARING_READ = "sharing.read"
    SHARING_MANAGE = "sharing.manage"
    USES_READ = "uses.read"
    USES_ASK = "uses.ask"
    USES_DECIDE = "uses.decide"
    REVIEWS_READ = "reviews.read"
    REVIEWS_DECIDE = "reviews.decide"
    CASES_READ = "cases.read"
    CASES_WRITE = "cases.write"
    CONSENT_READ = "consent.read"
    CONSENT_WRITE = "consent.write"
    LEDGER_READ = "ledger.read"
    PRIVACY_OPEN = "privacy.open"
    PRIVACY_HANDLE = "privacy.handle"
    QUEUE_WATCH = "queue.watch"
    QUEUE_READ = "queue.read"
    QUEUE_SERVE = "queue.serve"


_WITHOUT_CUSTOMERS = frozenset(
    {
        Permission.SESSION_OWN,
        Permission.ARTICLES_READ,
        Permission.STAFF_MANAGE,
        Permission.SYSTEM_READ,
        # These show ids of customers, never what is known of them; an export writes its own lines.
        Permission.ACCESS_LOG_READ,
        Permission.SHARING_READ,
        Permission.SHARING_MANAGE,
        Permission.USES_READ,
        Permission.USES_ASK,
        Permission.USES_DECIDE,
        Permission.REVIEWS_READ,
        Permission.REVIEWS_DECIDE,
        Permission.LEDGER_READ,
        # Whether somebody waits, and how many.
        Permission.QUEUE_WATCH,
        # Filters and counts.
        Permission.SEGMENTS_READ,
        Permission.SEGMENTS_WRITE,
    }
)
CUSTOMER_DATA = frozenset(Permission) - _WITHOUT_CUSTOMERS
"""PR4: what a route with one of these shows is written into the access log; a new permission is among them unless
it is named above."""

ADMINISTRATOR = "administrator"

_PROFILES = frozenset({Permission.INTERACTIONS_READ, Permission.CONTACTS_READ, Permission.CONTACTS_WRITE})
_CUSTOMERS = _PROFILES | {Permission.CONVERSATIONS_READ}
_CASES = frozenset({Permission.CASES_READ, Permission.CASES_WRITE})
_ASKING = frozenset({Permission.USES_READ, Permission.USES_ASK})
_AUDIENCES = frozenset({Permission.SEGMENTS_READ, Permission.SEGMENTS_WRITE})
_DESK = frozenset({Permission.QUEUE_WATCH, Permission.QUEUE_READ, Permission.QUEUE_SERVE})
_REVIEWS = frozenset({Permission.REVIEWS_READ, Permission.REVIEWS_DECIDE})
_WATCHING = frozenset(
    {Permission.ACCESS_LOG_READ, Permission.SHARING_READ, Permission.USES_READ, Permission.REVIEWS_READ}
)
_CONSENTS = frozenset({Permission.CONSENT_READ, Permission.CONSENT_WRITE, Permission.LEDGER_READ})
_CONSENTS_SEEN = _CONSENTS - {Permission.CONSENT_WRITE}

ROLES: dict[str, frozenset[Permission]] = {
    # Runs the system and its accounts, and therefore sees no customer.
    ADMINISTRATOR: frozenset({Permission.STAFF_MANAGE, Permission.SYSTEM_READ, Permission.ARTICLES_READ}) | _REVIEWS,
    "agent": _CONSENTS
    | _CUSTOMERS
    | _CASES
    | _DESK
    | {Permission.ARTICLES_READ, Permission.SENSITIVE_READ, Permission.PRIVACY_OPEN},
    "service_manager": _CONSENTS_SEEN
    | _CUSTOMERS
    | _CASES
    | _DESK
    | {Permission.ARTICLES_READ, Permission.SENSITIVE_READ, Permission.PRIVACY_OPEN},
    "account_manager": _CONSENTS_SEEN | _CUSTOMERS | _CASES | _DESK | {Permission.ARTICLES_READ},
    # Keeps the profiles right: what happened and with whom, not the talk itself.
    "crm_specialist": _CONSENTS
    | _PROFILES
    | {Permission.PRIVACY_OPEN, Permission.CONTACTS_IMPORT, Permission.CONTACTS_MERGE, Permission.ARTICLES_READ}
    | _ASKING
    | _AUDIENCES,
    "crm_manager": _CONSENTS
    | _CUSTOMERS
    | _CASES
    | {Permission.PRIVACY_OPEN, Permission.CONTACTS_IMPORT, Permission.CONTACTS_MERGE, Permission.ARTICLES_READ}
    | _ASKING
    | _AUDIENCES,
    # Works with audiences, never with one customer's words.
    "marketing": frozenset({Permission.ARTICLES_READ}) | _ASKING | _AUDIENCES,
    "marketing_approver": frozenset(
        {Permission.ARTICLES_READ, Permission.SEGMENTS_READ, Permission.USES_READ, Permission.USES_DECIDE}
    ),
    "knowledge_editor": frozenset({Permission.ARTICLES_READ}),
    "privacy_officer": _CONSENTS
    | _CUSTOMERS
    | {Permission.PRIVACY_OPEN, Permission.PRIVACY_HANDLE}
    | {Permission.CONTACTS_MERGE, Permission.ARTICLES_READ, Permission.SENSITIVE_READ}
    | _WATCHING
    | {Permission.CASES_READ, Permission.SHARING_MANAGE, Permission.USES_DECIDE, Permission.REVIEWS_DECIDE},
    "auditor": _CONSENTS_SEEN
    | frozenset({Permission.INTERACTIONS_READ, Permission.SYSTEM_READ, Permission.ARTICLES_READ})
    | _WATCHING,
}


def roles_with(permission: Permission) -> list[str]:
    """The roles that allow it, sorted."""
    return sorted(role for role, allowed in ROLES.items() if permission in allowed)


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """All that these roles allow together, ``session.own`` always among it; an unknown role allows nothing."""
    allowed = {Permission.SESSION_OWN}
    for role in roles:
        allowed |= ROLES.get(role, frozenset())
    return frozenset(allowed)
