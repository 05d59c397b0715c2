"""Every table is known to the erasure: what is added later must say what becomes of it."""

from sqlalchemy import text

# Tables that hold nothing of a customer, or only what hangs on a row of a known table (and goes or stays with it).
OF_NOBODY = {
    "crm.checkpoints",
    "crm.doomed_files",
    "crm.import_pieces",
    "crm.import_rejections",
    "crm.imports",
    "crm.index_progress",
    "crm.ledger_links",
    "crm.notices",
    "crm.segments",
    "crm.third_parties",
    "crm.unlinked",
    "crm.value_cursor",
    "crm.verifications",
    "crm.access_reviews",
    "crm.access_review_items",
    "bot.alerts",
    "bot.flow_documents",
    "bot.staff",
    "bot.staff_sessions",
    "bot.staff_links",
    "bot.sign_in_failures",
    "bot.spent_tokens",
    "bot.wechat_pushes",
    "bot.wechat_tokens",
}
HANGING_ON = {"crm.case_events": "crm.cases", "crm.privacy_events": "crm.privacy_requests"}
TALK = {
    "bot.attempts",
    "bot.blobs",
    "bot.channel_events",
    "bot.confirmation_codes",
    "bot.conversations",
    "bot.desk_steps",
    "bot.inbox",
    "bot.messages",
    "bot.outbox",
    "bot.outgoing_messages",
    "bot.parked_flows",
    "bot.send_windows",
    "bot.unreachable",
    "bot.wechat_notices",
    "bot.wechat_permissions",
    "bot.uploads",
    "bot.wechat_unionids",
}


async def test_every_table_has_its_place_in_the_catalogue(engine):
    async with engine.connect() as connection:
        tables = set(
            await connection.scalars(
                text("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('crm', 'bot')")
            )
        )
        catalogued = set(await connection.scalars(text("SELECT table_name FROM crm.data_catalogue()")))
    assert catalogued <= tables
    assert set(HANGING_ON.values()) <= catalogued
    assert tables - catalogued == OF_NOBODY | set(HANGING_ON) | TALK
