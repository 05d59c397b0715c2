"""The ledger's tables: what waits to be linked, the links, checkpoints and verifications."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, LargeBinary, Table, Text, Uuid, func

from crm_adapter.tables import metadata

unlinked = Table(
    "unlinked",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("chain", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)

ledger_links = Table(
    "ledger_links",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    Column("signature", LargeBinary),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
)

verifications = Table(
    "verifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("fault", Text),
    Column("position", BigInteger),
    Column("event_id", Uuid),
)
