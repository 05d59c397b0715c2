"""Customers with something in every table, planted so that it can be searched for afterwards."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from bot.storage.bodies import seal_body
from crm_adapter.encryption import Keys, seal
from crm_adapter.encryption.vault import load_key
from crm_adapter.records.consent import NewConsentEvent
from crm_adapter.records.customers import ExternalKey, NewInteraction, Provenance
from crm_adapter.records.service import NewCase, NewTask
from crm_adapter.records.value import NewOrder
from crm_adapter.sql_store import SqlStore as Store

NOW = datetime.now(UTC)
STAFF = f"staff:{uuid4()}"
"""Planted words, none of which may be found after an erasure."""
NAME, PHONE, SAID, MATTER = "欧阳晓芙", "+8613800138000", "我的热水壶漏水了", "壶身底部渗水"
# Where a contact's id may stand after its erasure, as a pseudonym; an identity's id only in the ledger.
KEPT = {
    "crm.access_log",
    "crm.cases",
    "crm.changes",
    "crm.consent_events",
    "crm.consents",
    "crm.erasures",
    "crm.kept_orders",
    "crm.privacy_requests",
    "crm.transfers",
}


@dataclass(frozen=True, slots=True)
class Customer:
    contact_id: UUID
    identity_id: UUID
    conversation_id: UUID
    blob_id: UUID
    external_id: str


async def make_customer(store: Store, engine: AsyncEngine, keys: Keys, name: str = NAME, **more: str) -> Customer:
    """A customer with facts, an account, talk, an attachment, consents, a case, a task, orders, tags, mail, a code."""
    reference = uuid4().hex
    phone = more.get("phone", PHONE)
    told = Provenance("web", "customer", NOW, "claimed")
    made = await store.upsert_contact(ExternalKey("shop", f"K-{reference}"), {"name": name, "phone": phone}, told)
    contact_id = made.contact_id
    external_id = f"visitor-{reference}"
    assurance = more.get("assurance", "verified")
    linked = await store.link_identity(contact_id, "web", "shop", external_id, assurance, told)
    identity_id = linked.identity_id
    conversation_id, blob_id = uuid7(), uuid7()
    said = NewInteraction(contact_id, "web", "shop", "in", NOW, SAID, identity_id=identity_id)
    await store.append_interaction(f"i-{reference}", said)
    case = await store.open_case(
        f"c-{reference}", NewCase(contact_id, "complaint", "product", MATTER, NOW, STAFF, order_ref=f"O-{reference}")
    )
    await store.add_task(f"t-{reference}", NewTask(contact_id, "call_back", MATTER, NOW, STAFF, case_id=case.id))
    await store.put_order(NewOrder(contact_id, "shop", f"O-{reference}", NOW, 19900))
    await store.tag(contact_id, "vip", STAFF, MATTER)
    await store.record_consent(
        NewConsentEvent(
            contact_id=contact_id,
            event="granted",
            purpose="care_messages",
            channel="web",
            told_on="web",
            assurance="verified",
            locale="zh-Hans",
            prompt="可以吗？",
            reply=f"可以，{name}",
            prompt_message_id=None,
            reply_message_id=None,
            method="chat",
            actor="customer",
            occurred_at=NOW,
            identity_id=identity_id,
        )
    )
    await plant_talk(engine, keys, contact_id, identity_id, conversation_id, blob_id)
    return Customer(contact_id, identity_id, conversation_id, blob_id, external_id)


async def plant_talk(
    engine: AsyncEngine, keys: Keys, contact_id: UUID, identity_id: UUID, conversation_id: UUID, blob_id: UUID
) -> None:
    """What the bot keeps: a conversation with two messages, inbox, outbox, an attempt, a file, mail and a code."""
    first, second, blind = uuid7(), uuid7(), uuid4().bytes
    async with engine.begin() as connection:
        key_id = await connection.scalar(text("SELECT key_id FROM crm.identities WHERE id = :id"), {"id": identity_id})
        key = await load_key(connection, keys, key_id)

        async def put(table: str, **values: object) -> None:
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            await connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)

        await put(
            "bot.conversations", id=conversation_id, identity_id=identity_id, channel="web", account="shop", locale="en"
        )
        for seq, (number, direction, author) in enumerate([(first, "in", "customer"), (second, "out", "bot")], 1):
            await put(
                "bot.messages",
                id=number,
                conversation_id=conversation_id,
                seq=seq,
                direction=direction,
                author=author,
                sealed_body=seal_body(key, number, {"text": SAID}),
                at=NOW,
            )
        await put(
            "bot.inbox", account="shop", blind=blind, conversation_id=conversation_id, message_id=first, received_at=NOW
        )
        await put(
            "bot.outbox", message_id=second, conversation_id=conversation_id, seq=2, account="shop", trace_id="a" * 32
        )
        await put("bot.attempts", account="shop", blind=blind)
        await put("bot.send_windows", identity_id=identity_id, trigger="message", at=NOW)
        await put("bot.wechat_unionids", identity_id=identity_id, asked_at=NOW, found=True)
        yes = uuid7()
        await put(
            "bot.wechat_permissions",
            id=yes,
            identity_id=identity_id,
            account="shop",
            template_id="S1",
            accepted=True,
            source="asked",
            at=NOW,
        )
        await put(
            "bot.wechat_notices",
            id=uuid7(),
            identity_id=identity_id,
            account="shop",
            name="answer_waiting",
            key="k",
            sealed_values=b"v",
            if_closed=False,
            permission_id=yes,
        )
        subject = await connection.scalar(text("SELECT blind FROM crm.identities WHERE id = :id"), {"id": identity_id})
        event = uuid7()
        await put(
            "bot.channel_events",
            id=event,
            blind=uuid4().bytes,
            account="shop",
            subject=subject,
            kind="unknown",
            happened_at=NOW,
            received_at=NOW,
            sealed_raw=seal(key, "channel_events.raw", event, SAID.encode()),
        )
        await put("bot.unreachable", identity_id=identity_id, reason="unfollowed", since=NOW)
        await put(
            "bot.blobs",
            id=blob_id,
            account="shop",
            identity_id=identity_id,
            sealed_name=seal(key, "blobs.name", blob_id, b"a.png"),
            type="image/png",
            size=3,
            message_id=first,
            created_at=NOW,
        )
        await put(
            "bot.outgoing_messages",
            id=uuid7(),
            kind="mail",
            purpose="confirmation",
            contact_id=contact_id,
            key_id=key_id,
            sealed_recipient=b"r",
            sealed_subject=b"s",
            sealed_body=b"b",
            state="queued",
        )
        await put(
            "bot.confirmation_codes",
            id=uuid7(),
            contact_id=contact_id,
            field="phone",
            key_id=key_id,
            target_blind=b"t",
            sealed_target=b"s",
            code_hash=b"h",
            source="web",
            set_by="customer",
            created_at=NOW,
            expires_at=NOW,
        )


async def everything(engine: AsyncEngine) -> dict[str, str]:
    """Every table of the three schemas with all its rows as text, arrays and sealed bytes among them."""
    async with engine.connect() as connection:
        tables = await connection.scalars(
            text(
                "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('crm', 'bot', 'vault')"
                " OR tablename LIKE 'procrastinate_%'"
            )
        )
        return {
            name: str(await connection.scalar(text(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {name} t")))
            for name in tables.all()
        }
