"""The tables of this room as SQLAlchemy sees them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm_adapter.tables import metadata

Moment = DateTime(timezone=True)

organisations = Table(
    "organisations",
    metadata,
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), primary_key=True),
    Column("industry", Text),
    Column("size", Text),
    Column("region", Text),
    Column("updated_at", Moment, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organisation_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("person_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

figures = Table(
    "figures",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("known_since", Moment, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("amount_year", BigInteger, nullable=False),
    Column("orders_year", Integer, nullable=False),
    Column("first_order_at", Moment),
    Column("last_order_at", Moment),
    Column("last_interaction_at", Moment),
    Column("interactions_quarter", Integer, nullable=False),
)

standings = Table(
    "standings",
    metadata,
    Column("contact_id", Uuid, primary_key=True),
    Column("value_class", Text, nullable=False),
    Column("value_rule", Text, nullable=False),
    Column("value_since", Moment, nullable=False),
    Column("stage", Text, nullable=False),
    Column("stage_rule", Text, nullable=False),
    Column("stage_since", Moment, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
)

standing_changes = Table(
    "standing_changes",
    metadata,
    Column("number", BigInteger, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("contact_id", Uuid, nullable=False),
    Column("what", Text, nullable=False),
    Column("from_value", Text),
    Column("to_value", Text),
    Column("by", Text, nullable=False),
    Column("rule", Text),
    Column("sealed_reason", LargeBinary),
    Column("at", Moment, nullable=False),
)

tags = Table(
    "tags",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)

segments = Table(
    "segments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("condition", JSONB, nullable=False),
    Column("saved_by", Text, nullable=False),
    Column("saved_at", Moment, nullable=False),
)

value_cursor = Table(
    "value_cursor",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("cursor", Text),
)
