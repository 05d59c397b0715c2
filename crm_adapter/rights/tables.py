"""The tables of requests and erasures, as SQLAlchemy sees them; made by migrations crm0006 and crm0008."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from crm_adapter.tables import metadata

_Time = DateTime(timezone=True)

privacy_requests = Table(
    "privacy_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("opened_at", _Time, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("due_at", _Time, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("checked_method", Text),
    Column("checked_by", Text),
    Column("checked_at", _Time),
    Column("handled_by", Text),
    Column("answered_at", _Time),
    Column("sealed_words", LargeBinary),
    Column("sealed_answer", LargeBinary),
    Column("erasure_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("ended_at", _Time),
    Column("ended_by", Text),
    Column("ended_reason", Text),
)

privacy_events = Table(
    "privacy_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("request_id", Uuid, ForeignKey("crm.privacy_requests.id"), nullable=False),
    Column("at", _Time, nullable=False),
    Column("by", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("method", Text),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("contact_ids", ARRAY(Uuid), nullable=False),
    Column("key_ids", ARRAY(Uuid), nullable=False),
    Column("at", _Time, nullable=False),
    Column("by", Text, nullable=False),
    Column("certificate", JSONB, nullable=False),
    Column("signature", Text, nullable=False),
    Column("public_key", Text, nullable=False),
)

shared_reach = Table(
    "shared_reach",
    metadata,
    Column("erasure_id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("at", _Time, nullable=False),
)

kept_orders = Table(
    "kept_orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("pseudonym", Uuid, nullable=False),
    Column("erased_at", _Time, nullable=False),
    Column("source", Text, nullable=False),
    Column("placed_at", _Time, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
)

doomed_files = Table(
    "doomed_files",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", _Time, nullable=False),
)
