"""What customers and the bot say, what a conversation remembers and what files are called is sealed.

What was there in clear is sealed with the data key of the identity whose it is; files get a sealed twin beside them
(``….seal``), and the ones in clear are removed once the migration is committed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import context, op
from sqlalchemy import Connection

from crm_adapter.encryption import DataKey, Keys, seal, seal_json

revision = "bot0004"
down_revision = "bot0003"
branch_labels = None
depends_on = ("crm0002",)

TABLES = """
DROP FUNCTION IF EXISTS bot.receive(text, text, text, text, text, text, uuid, uuid, uuid, uuid, timestamptz);
DROP FUNCTION IF EXISTS bot.record(uuid, integer, uuid, text, text, text, text, text, text, jsonb, jsonb, jsonb);
DROP FUNCTION IF EXISTS bot.receipt(text, text, integer, integer);

ALTER TABLE bot.messages ADD COLUMN sealed_body bytea;
ALTER TABLE bot.conversations ADD COLUMN sealed_state bytea; -- NULL: nothing to remember
ALTER TABLE bot.outbox ADD COLUMN purpose text NOT NULL DEFAULT 'service';
CREATE INDEX outbox_purpose_idx ON bot.outbox (purpose) WHERE purpose <> 'service' AND state = 'queued';

ALTER TABLE bot.blobs
    ADD COLUMN identity_id uuid,
    ADD COLUMN sealed_name bytea,
    ADD COLUMN message_id  uuid;   -- the message that names it; NULL: none yet
CREATE INDEX blobs_identity_id_idx ON bot.blobs (identity_id);
CREATE INDEX blobs_unnamed_idx ON bot.blobs (created_at) WHERE message_id IS NULL;

-- A channel's message id may name its sender: it is kept as a keyed hash.
ALTER TABLE bot.inbox ADD COLUMN blind bytea;
CREATE INDEX inbox_conversation_id_idx ON bot.inbox (conversation_id); -- for erasures
TRUNCATE bot.attempts;
ALTER TABLE bot.attempts DROP COLUMN external_id, ADD COLUMN blind bytea NOT NULL;
CREATE INDEX attempts_message_idx ON bot.attempts (blind);
"""
FINISH = """
ALTER TABLE bot.messages ALTER COLUMN sealed_body SET NOT NULL, DROP COLUMN body;
ALTER TABLE bot.conversations DROP COLUMN state;
ALTER TABLE bot.blobs
    ALTER COLUMN identity_id SET NOT NULL, ALTER COLUMN sealed_name SET NOT NULL,
    DROP COLUMN identity, DROP COLUMN name,
    DROP COLUMN sha256; -- a digest of the clear bytes would outlive their erasure in every backup
ALTER TABLE bot.inbox DROP COLUMN external_id, ADD PRIMARY KEY (blind);
"""
NAME_BLOB = """
UPDATE bot.blobs SET identity_id = %s, sealed_name = %s, message_id = (
       SELECT m.id FROM bot.conversations c JOIN bot.messages m ON m.conversation_id = c.id
        WHERE c.identity_id = %s
          AND m.body -> 'attachments' @> jsonb_build_array(jsonb_build_object('id', %s::text))
        LIMIT 1)
 WHERE id = %s
"""
BATCH = 1000


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(TABLES)
    attributes = context.config.attributes
    keys: Keys | None = attributes["keys"]
    if connection.exec_driver_sql("SELECT EXISTS (SELECT FROM bot.inbox) OR EXISTS (SELECT FROM bot.blobs)").scalar():
        if keys is None:
            raise RuntimeError("there is data to be sealed, and no keyring to seal it with")
        found = connection.exec_driver_sql(
            "SELECT i.id, i.blind, k.id, k.kek, k.wrapped"
            "  FROM crm.identities i JOIN vault.data_keys k ON k.id = i.key_id"
        ).all()
        of_identity = {row[0]: keys.unwrap(*row[2:]) for row in found}
        seal_talk(connection, keys, of_identity)
        by_blind = {bytes(row[1]): row[0] for row in found}
        seal_blobs(connection, keys, of_identity, by_blind, attributes["blobs"], attributes["afterwards"])
    connection.exec_driver_sql(FINISH)


def seal_talk(connection: Connection, keys: Keys, of_identity: dict[UUID, DataKey]) -> None:
    of_conversation: dict[UUID, DataKey] = {}
    for row in all_of(connection, "bot.conversations"):
        key = of_conversation[row.id] = of_identity[row.identity_id]
        if row.state:
            connection.exec_driver_sql(
                "UPDATE bot.conversations SET sealed_state = %s WHERE id = %s",
                (seal_json(key, "conversations.state", row.id, row.state), row.id),
            )
    for row in all_of(connection, "bot.messages"):
        connection.exec_driver_sql(
            "UPDATE bot.messages SET sealed_body = %s WHERE id = %s",
            (seal_json(of_conversation[row.conversation_id], "messages.body", row.id, row.body), row.id),
        )
    for row in all_of(connection, "bot.inbox", "message_id"):
        connection.exec_driver_sql(
            "UPDATE bot.inbox SET blind = %s WHERE account = %s AND external_id = %s",
            (keys.blind("message", row.account, row.external_id), row.account, row.external_id),
        )


def seal_blobs(
    connection: Connection,
    keys: Keys,
    of_identity: dict[UUID, DataKey],
    by_blind: dict[bytes, UUID],
    folder: Path | None,
    afterwards: list[Path],
) -> None:
    for row in all_of(connection, "bot.blobs"):
        identity = by_blind.get(keys.blind("identity", row.account, row.identity))
        path = folder / row.id.hex[-2:] / row.id.hex if folder else None
        if path is not None:
            afterwards.append(path)
        if identity is None or path is None or not path.is_file():
            # Sent by somebody who never wrote a message, or without its bytes: nothing can name it any more.
            connection.exec_driver_sql("DELETE FROM bot.blobs WHERE id = %s", (row.id,))
            continue
        key = of_identity[identity]
        path.with_suffix(".seal").write_bytes(seal(key, "blobs.content", row.id, path.read_bytes()))
        connection.exec_driver_sql(
            NAME_BLOB, (identity, seal(key, "blobs.name", row.id, row.name.encode()), identity, str(row.id), row.id)
        )


def all_of(connection: Connection, table: str, by: str = "id") -> Iterator[Any]:
    """Every row of a table, in pages: a store may be larger than memory."""
    last = UUID(int=0)
    while True:
        query = f"SELECT * FROM {table} WHERE {by} > %s ORDER BY {by} LIMIT {BATCH}"  # noqa: S608 - our own names
        rows = connection.exec_driver_sql(query, (last,)).all()
        if not rows:
            return
        yield from rows
        last = getattr(rows[-1], by)
