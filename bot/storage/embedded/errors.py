"""What can go wrong with the embedded PostgreSQL.

EmbeddedPostgresError
└── StillStarting
"""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and how to mend it."""


class StillStarting(EmbeddedPostgresError):
    """The server lives but is not ready in time, as in a long crash recovery; it is left to go on."""
