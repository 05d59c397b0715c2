"""The bot's own tables as SQLAlchemy sees them; the migrations make them, the hot path uses its .sql files."""

from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(schema="bot")

conversations = Table(
    "conversations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("agent_id", Uuid),
    Column("fence", Integer, nullable=False),
    Column("sealed_state", LargeBinary),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("received_seq", Integer, nullable=False),
    Column("read_seq", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("wake_at", DateTime(timezone=True)),
    Column("close_reason", Text),
    Column("urgent", Boolean, nullable=False),
    Column("queued_at", DateTime(timezone=True)),
    Column("sealed_note", LargeBinary),
)

parked_flows = Table(
    "parked_flows",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("flow", Text, nullable=False),
    Column("sealed_document", LargeBinary, nullable=False),
    Column("parked_at", DateTime(timezone=True), nullable=False),
)

flow_documents = Table(
    "flow_documents",
    metadata,
    Column("content_hash", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("source", Text, nullable=False),
    Column("first_seen", DateTime(timezone=True), nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("conversation_id", Uuid, ForeignKey("bot.conversations.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("direction", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("sealed_body", LargeBinary, nullable=False),
    Column("client_msg_id", Text),
    Column("in_reply_to", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", Uuid, ForeignKey("bot.messages.id"), primary_key=True),
    Column("conversation_id", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("purpose", Text, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("lease_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False),
    Column("route", Text),
    Column("parts", Integer, nullable=False),
    Column("error_code", Text),
    Column("rid", Text),
    Column("reply_to", Uuid),
    Column("reply_part", Integer),
    Column("cuts", JSONB),
)

blobs = Table(
    "blobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account", Text, nullable=False),
    Column("identity_id", Uuid, nullable=False),
    Column("sealed_name", LargeBinary, nullable=False),
    Column("message_id", Uuid),
    Column("type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

spent_tokens = Table(
    "spent_tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
