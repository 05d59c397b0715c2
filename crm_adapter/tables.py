"""The CRM store's tables as SQLAlchemy sees them; the migrations make them. Newer rooms keep theirs beside them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
)

metadata = MetaData(schema="crm")

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid),
    Column("kek", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    schema="vault",
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("root_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("owner_id", Uuid),
    Column("lawful_basis", Text),
    Column("quarantined", Boolean, nullable=False),
    Column("restricted_at", DateTime(timezone=True)),
    Column("reviewed_at", DateTime(timezone=True)),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("blind", LargeBinary, nullable=False),
    Column("sealed_external_id", LargeBinary, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("reachable", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("home_id", Uuid),
    Column("verified_at", DateTime(timezone=True)),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity_id", Uuid, ForeignKey("crm.identities.id"), nullable=False),
    Column("conversation_id", Uuid),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("outcome_kind", Text),
    Column("outcome_ref", Text),
    Column("latency_ms", Double),
    Column("trace_id", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("blind", LargeBinary),
    Column("assurance", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("superseded_at", DateTime(timezone=True)),
)

external_keys = Table(
    "external_keys",
    metadata,
    Column("system", Text, primary_key=True),
    Column("key_blind", LargeBinary, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
)

merges = Table(
    "merges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source_id", Uuid, nullable=False),
    Column("target_id", Uuid, nullable=False),
    Column("identities", ARRAY(Uuid), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", Text),
)

merge_suggestions = Table(
    "merge_suggestions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("one_id", Uuid, nullable=False),
    Column("other_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("decision", Text),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
)

changes = Table(
    "changes",
    metadata,
    Column("number", BigInteger, Identity(always=True), primary_key=True),
    Column("xid", Text, primary_key=True, server_default=func.pg_current_xact_id()),
    Column("contact_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

grams = Table(
    "grams",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("grams", ARRAY(Integer), nullable=False),
)
