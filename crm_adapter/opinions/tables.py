"""Opinions as SQLAlchemy sees them; crm0010 makes them."""

from sqlalchemy import Column, DateTime, LargeBinary, SmallInteger, Table, Text, Uuid

from crm_adapter.tables import metadata

opinions = Table(
    "opinions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("version", Text),
    Column("score", SmallInteger),
    Column("sealed_words", LargeBinary),
    Column("conversation_id", Uuid),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
)
