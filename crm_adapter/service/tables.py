"""Cases, their events and tasks as SQLAlchemy sees them; crm0005 makes them."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, Uuid

from crm_adapter.tables import metadata

cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("key_blind", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner_id", Uuid),
    Column("conversation_id", Uuid),
    Column("sealed_matter", LargeBinary),
    Column("sealed_remedy", LargeBinary),
    Column("sealed_reach", LargeBinary),
    Column("sealed_order_ref", LargeBinary),
    Column("sealed_details", LargeBinary),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("first_due_at", DateTime(timezone=True)),
    Column("final_due_at", DateTime(timezone=True)),
    Column("first_done_at", DateTime(timezone=True)),
    Column("final_done_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column("root_cause", Text),
    Column("version", Integer, nullable=False),
)

case_events = Table(
    "case_events",
    metadata,
    Column("case_id", Uuid, ForeignKey("crm.cases.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("owner_id", Uuid),
    Column("sealed_note", LargeBinary, nullable=False),
    Column("sealed_told", LargeBinary),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("key_blind", LargeBinary, nullable=False),
    Column("case_id", Uuid, ForeignKey("crm.cases.id")),
    Column("kind", Text, nullable=False),
    Column("sealed_subject", LargeBinary, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("owner_id", Uuid),
    Column("added_by", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("sealed_result", LargeBinary),
    Column("closed_by", Text),
    Column("closed_at", DateTime(timezone=True)),
)
