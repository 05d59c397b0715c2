"""The tables of the staff room, in schema ``bot``; made by migration bot0002."""

from sqlalchemy import ARRAY, Boolean, Column, DateTime, ForeignKey, LargeBinary, MetaData, Table, Text, Uuid, func

metadata = MetaData(schema="bot")

_Time = DateTime(timezone=True)

staff = Table(
    "staff",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("password_hash", Text),
    Column("locale", Text),
    Column("created_at", _Time, nullable=False, server_default=func.now()),
    Column("last_sign_in_at", _Time),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("staff_id", Uuid, ForeignKey(staff.c.id), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", _Time, nullable=False, server_default=func.now()),
    Column("last_seen_at", _Time, nullable=False, server_default=func.now()),
    Column("expires_at", _Time, nullable=False),
    Column("revoked_at", _Time),
    Column("user_agent", Text, nullable=False, server_default=""),
)

staff_links = Table(
    "staff_links",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("staff_id", Uuid, ForeignKey(staff.c.id), nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", _Time, nullable=False, server_default=func.now()),
    Column("expires_at", _Time, nullable=False),
    Column("used_at", _Time),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name_hash", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", _Time, nullable=False, server_default=func.clock_timestamp()),
)
