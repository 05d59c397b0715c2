"""The tables of imports."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from crm_adapter.tables import metadata

imports = Table(
    "imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("system", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", Text),
    Column("sealed", LargeBinary, nullable=False),
    Column("rows_total", Integer, nullable=False),
    Column("rows_done", Integer, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("checked", JSONB(none_as_null=True)),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
)

import_pieces = Table(
    "import_pieces",
    metadata,
    Column("import_id", Uuid, ForeignKey("crm.imports.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

import_rejections = Table(
    "import_rejections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("import_id", Uuid, ForeignKey("crm.imports.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

import_origins = Table(
    "import_origins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("import_id", Uuid, ForeignKey("crm.imports.id"), nullable=False),
    Column("contact_id", Uuid, ForeignKey("crm.contacts.id"), nullable=False),
    Column("basis", Text),
    Column("sealed_proof", LargeBinary),
    Column("by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
