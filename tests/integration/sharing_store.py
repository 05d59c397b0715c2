"""The rooms of the store that sharing stands on, and a gate over them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from crm_adapter.consent.sql_consents import SqlConsents
from crm_adapter.customers import SqlCustomers
from crm_adapter.records.consent import NewConsentEvent
from crm_adapter.records.customers import Created, ExternalKey, Provenance
from crm_adapter.sharing.third_parties import Agreement, ThirdParty, add_third_party
from crm_adapter.value.store import SqlValues

NOW = datetime.now(UTC)
TODAY = NOW.date()


class Rooms(SqlCustomers, SqlConsents, SqlValues):
    """Customers, consents and values, as the composed store has them."""

    async def person(self, key: str, **fields: str) -> UUID:
        """A customer known by an outside key."""
        made = await self.upsert_contact(ExternalKey("shop", key), fields, Provenance("web", "customer", NOW))
        assert isinstance(made, Created)
        return made.contact_id

    async def says(self, contact_id: UUID, event: str, purpose: str, recipient: str | None = None) -> None:
        """A choice about every channel, made now."""
        await self.record_consent(
            NewConsentEvent(
                contact_id=contact_id,
                event=event,  # type: ignore[arg-type]
                purpose=purpose,
                channel="*",
                told_on="web",
                assurance="verified",
                locale="zh-Hans",
                prompt="您同意吗？",
                reply="好",
                prompt_message_id=None,
                reply_message_id=None,
                method="button",
                actor="customer",
                occurred_at=datetime.now(UTC),
                recipient=recipient,
            )
        )

    async def party(self, name: str, **terms: object) -> ThirdParty:
        """A third party with an agreement in force."""
        known = {
            "agreement": "DPA-1",
            "until": TODAY + timedelta(days=30),
            "purpose": "delivery",
            "basis": "processor",
            "fields": ("name", "phone"),
            "country": "CN",
            "contact": "privacy@party.example",
            **terms,
        }
        async with self._work() as connection:
            return await add_third_party(connection, self._keys, name, Agreement(**known), "staff:1")  # type: ignore[arg-type]
