"""No statement about one customer reads a whole table, however many there are."""

from datetime import UTC, datetime

import psycopg
from sqlalchemy import event

from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.sql_store import SqlStore

SAID = Provenance("web", "customer", datetime(2026, 3, 1, tzinfo=UTC))
PROVEN = Provenance("web", "customer", datetime(2026, 3, 1, tzinfo=UTC), "verified")
MANY = 20_000

FILL = f"""
INSERT INTO crm.contacts (id, key_id, root_id, locale)
    SELECT id, gen_random_uuid(), id, 'zh-Hans' FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {MANY}));
INSERT INTO vault.data_keys (id, contact_id, kek, wrapped) SELECT key_id, id, 'none', '' FROM crm.contacts;
INSERT INTO crm.identities (id, contact_id, channel, account, blind, sealed_external_id, assurance, key_id)
    SELECT gen_random_uuid(), id, 'web', 'shop', uuid_send(id), '', 'anonymous', key_id FROM crm.contacts;
INSERT INTO crm.facts (id, contact_id, field, blind, assurance, source, set_by, at)
    SELECT gen_random_uuid(), id, 'phone', uuid_send(id), 'claimed', 'web', 'customer', now() FROM crm.contacts;
INSERT INTO crm.external_keys (system, key_blind, sealed_key, contact_id)
    SELECT 'shop', uuid_send(id), '', id FROM crm.contacts;
INSERT INTO crm.interactions (id, identity_id, channel, account, direction, occurred_at, sealed_content, trace_id,
                              idempotency_key)
    SELECT gen_random_uuid(), id, 'web', 'shop', 'in', now(), '', '', id::text FROM crm.identities;
INSERT INTO crm.merges (id, source_id, target_id, identities, by, reason, undone_at)
    SELECT gen_random_uuid(), gen_random_uuid(), id, '{{}}', 'x', 'x', now() FROM crm.contacts;
INSERT INTO crm.merge_suggestions (id, one_id, other_id, reason)
    SELECT gen_random_uuid(), id, lead(id) OVER (ORDER BY id), 'same_phone' FROM crm.contacts
    ORDER BY id LIMIT {MANY - 1};
INSERT INTO crm.changes (contact_id, kind, record_id) SELECT id, 'contact', id FROM crm.contacts;
ANALYZE;
"""


async def test_no_statement_about_one_customer_reads_a_whole_table(engine, keys, addresses):
    with psycopg.connect(addresses.owner_url, autocommit=True) as owner:
        owner.execute(FILL)
    said = {}

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, many):
        said[statement] = parameters[0] if many else parameters

    crm = SqlStore(engine, keys, Policy())
    fields = {"name": "王芳", "phone": "13800138000", "email": "fang@example.com"}
    for n in range(2):
        await crm.upsert_contact(ExternalKey("till", str(n)), fields, PROVEN)
    one, other = [(await crm.upsert_contact(ExternalKey("web", str(n)), fields, SAID)).contact_id for n in range(2)]
    await crm.set_fields(one, {"phone": None, "occupation": "教师"}, SAID)
    await crm.set_owner(one, None, "staff:7")
    await crm.link_identity(one, "wechat", "main", "open-1", "claimed", SAID)
    await crm.link_identity(one, "wechat", "main", "open-1", "verified", SAID)
    await crm.link_identity(other, "wechat", "main", "open-1", "verified", SAID)
    new = NewInteraction(one, "phone", "staff", "in", SAID.at, "words")
    interaction = await crm.append_interaction("1", new)
    await crm.append_interaction("2", new)
    (merged,) = await crm.merges(one)
    for asked in await crm.merge_suggestions(contact_id=one):
        await crm.decide_suggestion(asked.id, "different", "staff:7")
    await crm.contact(other)
    await crm.history(one)
    await crm.interactions(one, before=interaction)
    await crm.find_by_field("phone", "13800138000")
    await crm.find_by_identity("wechat", "main", "open-1")
    await crm.merge_suggestions()
    await crm.unmerge(merged.id, "staff:7")
    await crm.changes_since((await crm.changes_since(None, limit=10)).cursor, limit=10)
    event.remove(engine.sync_engine, "before_cursor_execute", note)

    scans = {}
    async with engine.connect() as connection:
        for statement, parameters in said.items():
            if statement.split()[0] in ("SELECT", "UPDATE", "INSERT") and "advisory" not in statement:
                plan = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                lines = [row[0] for row in plan]
                if any("Seq Scan" in line for line in lines):
                    scans[statement] = "\n".join(lines)
    assert len(said) > 30
    assert scans == {}, "\n\n".join(f"{statement}\n{plan}" for statement, plan in scans.items())
