"""The consent ledger's tables, and its chain: one per controller."""

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from crm_adapter.ledger.chains import Chain, register
from crm_adapter.tables import metadata

notices = Table(
    "notices",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)

consent_events = Table(
    "consent_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=False),
    Column("covers", ARRAY(Uuid), nullable=False),
    Column("identity_id", Uuid),
    Column("told_on", Text, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("controller", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("data_categories", ARRAY(Text), nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("retention", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("notice_hash", Text, nullable=False),
    Column("notice_version", Integer, nullable=False),
    Column("notice_locale", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("guardian", Boolean, nullable=False),
    Column("method", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("receipt", Text, nullable=False),
    Column("idempotency_key", Text),
)

consents = Table(
    "consents",
    metadata,
    Column("subject", Uuid, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("guardian", Boolean, nullable=False),
    Column("covers", ARRAY(Uuid), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("notice_hash", Text, nullable=False),
    Column("notice_version", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
)

CONSENT = register(Chain("consent", consent_events, tuple(consent_events.columns.keys()), part="controller"))
