"""The tables of this room, made by migration crm0007; the access log is a chain of the ledger."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm_adapter.ledger.chains import Chain, register
from crm_adapter.tables import metadata

_Time = DateTime(timezone=True)

access_log = Table(
    "access_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("data_kind", Text, nullable=False),
    Column("contact_ids", ARRAY(Uuid), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("sealed_reason", LargeBinary),
    Column("at", _Time, nullable=False),
    Column("trace_id", Text, nullable=False),
)

ACCESS = register(Chain("access", access_log, tuple(access_log.columns.keys())))

third_parties = Table(
    "third_parties",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("party_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("agreement_until", Date, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("country", Text, nullable=False),
    Column("sealed_contact", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("at", _Time, nullable=False, server_default=func.now()),
)

uses = Table(
    "uses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("segment", JSONB(none_as_null=True)),
    Column("contact_ids", ARRAY(Uuid)),
    Column("recipient", Text),
    Column("deidentified", Boolean, nullable=False),
    Column("sealed_request", LargeBinary, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", _Time, nullable=False, server_default=func.now()),
    Column("decision", Text),
    Column("decided_by", Text),
    Column("decided_at", _Time),
    Column("sealed_decision", LargeBinary),
    Column("valid_until", _Time),
    Column("used_at", _Time),
    Column("times_used", Integer, nullable=False, server_default="0"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("third_party_id", Uuid, ForeignKey(third_parties.c.id)),
    Column("use_id", Uuid, ForeignKey(uses.c.id)),
    Column("purpose", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("basis", Text),
    Column("refused", Text),
    Column("by", Text, nullable=False),
    Column("at", _Time, nullable=False, server_default=func.now()),
    Column("trace_id", Text, nullable=False),
)

access_reviews = Table(
    "access_reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("opened_at", _Time, nullable=False),
    Column("due_at", _Time, nullable=False),
    Column("period_from", _Time, nullable=False),
    Column("closed_at", _Time),
)

access_review_items = Table(
    "access_review_items",
    metadata,
    Column("review_id", Uuid, ForeignKey(access_reviews.c.id), primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("roles", ARRAY(Text), nullable=False),
    Column("last_sign_in_at", _Time),
    Column("reads", Integer, nullable=False),
    Column("decision", Text),
    Column("roles_after", ARRAY(Text)),
    Column("sealed_reason", LargeBinary),
    Column("decided_by", Uuid),
    Column("decided_at", _Time),
)
