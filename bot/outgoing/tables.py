"""The tables of the outgoing room, in schema ``bot``; made by migrations bot0005 and bot0006."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Table, Text, Uuid, func

metadata = MetaData(schema="bot")

_Time = DateTime(timezone=True)

alerts = Table(
    "alerts",
    metadata,
    Column("part", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("at", _Time, nullable=False),
)

outgoing_messages = Table(
    "outgoing_messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("contact_id", Uuid),
    Column("key_id", Uuid, nullable=False),
    Column("sealed_recipient", LargeBinary, nullable=False),
    Column("sealed_subject", LargeBinary, nullable=False),
    Column("sealed_body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("provider_id", Text),
    Column("queued_at", _Time, nullable=False, server_default=func.now()),
    Column("expires_at", _Time),
    Column("begun_at", _Time),
    Column("settled_at", _Time),
)

confirmation_codes = Table(
    "confirmation_codes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("target_blind", LargeBinary, nullable=False),
    Column("sealed_target", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("source", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("created_at", _Time, nullable=False, server_default=func.now()),
    Column("expires_at", _Time, nullable=False),
)
