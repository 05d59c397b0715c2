"""What can go wrong with the embedded PostgreSQL.

EmbeddedPostgresError
└── StillStarting
"""

from bot.faults import StartFault


class EmbeddedPostgresError(StartFault):
    """The embedded PostgreSQL cannot be used; the message says why and how to mend it."""


class StillStarting(EmbeddedPostgresError):
    """The server lives but is not ready in time, as in a long crash recovery; it is left to go on."""
