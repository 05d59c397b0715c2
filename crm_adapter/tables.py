"""The CRM store's tables as SQLAlchemy sees them; the migrations make them."""

from sqlalchemy import Column, DateTime, Double, ForeignKey, MetaData, Table, Text, Uuid

metadata = MetaData(schema="crm")

contacts = Table(
    "contacts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("display_name", Text),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity_id", Uuid, ForeignKey("crm.identities.id"), nullable=False),
    Column("conversation_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("content", Text, nullable=False),
    Column("outcome_kind", Text),
    Column("outcome_ref", Text),
    Column("latency_ms", Double),
    Column("trace_id", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
)
