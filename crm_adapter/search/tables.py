"""How far the index has come, per kind of record."""

from sqlalchemy import Column, Table, Text, Uuid

from crm_adapter.tables import metadata

index_progress = Table(
    "index_progress",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("watermark", Uuid, nullable=False),
)
