"""Who may do what (KP5: duties separated; PR4: least privilege).

A permission is a deed, a role a job. Routes name permissions, people hold roles; only this table joins them.
"""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    SESSION_OWN = "session.own"
    INTERACTIONS_READ = "interactions.read"
    CONTACTS_READ = "contacts.read"
    CONVERSATIONS_READ = "conversations.read"
    ARTICLES_READ = "articles.read"
    STAFF_MANAGE = "staff.manage"
    SYSTEM_READ = "system.read"


ADMINISTRATOR = "administrator"

_CUSTOMERS = frozenset({Permission.INTERACTIONS_READ, Permission.CONTACTS_READ, Permission.CONVERSATIONS_READ})

ROLES: dict[str, frozenset[Permission]] = {
    # Runs the system and its accounts, and therefore sees no customer.
    ADMINISTRATOR: frozenset({Permission.STAFF_MANAGE, Permission.SYSTEM_READ, Permission.ARTICLES_READ}),
    "agent": _CUSTOMERS | {Permission.ARTICLES_READ},
    "service_manager": _CUSTOMERS | {Permission.ARTICLES_READ},
    "account_manager": _CUSTOMERS | {Permission.ARTICLES_READ},
    # Keeps the profiles right: what happened and with whom, not the talk itself.
    "crm_specialist": frozenset({Permission.INTERACTIONS_READ, Permission.CONTACTS_READ, Permission.ARTICLES_READ}),
    "crm_manager": _CUSTOMERS | {Permission.ARTICLES_READ},
    # Works with audiences, never with one customer's words.
    "marketing": frozenset({Permission.ARTICLES_READ}),
    "marketing_approver": frozenset({Permission.ARTICLES_READ}),
    "knowledge_editor": frozenset({Permission.ARTICLES_READ}),
    "privacy_officer": _CUSTOMERS | {Permission.ARTICLES_READ},
    "auditor": frozenset({Permission.INTERACTIONS_READ, Permission.SYSTEM_READ, Permission.ARTICLES_READ}),
}


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """All that these roles allow together, ``session.own`` always among it; an unknown role allows nothing."""
    allowed = {Permission.SESSION_OWN}
    for role in roles:
        allowed |= ROLES.get(role, frozenset())
    return frozenset(allowed)
