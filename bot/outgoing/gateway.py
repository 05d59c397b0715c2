"""Writing a message down to be sent: in the caller's transaction, sealed, with the job that delivers it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from bot.outgoing.tables import outgoing_messages
from bot.outgoing.texts import Kind, Written, write
from bot.settings import Locale, Settings
from crm_adapter.encryption import DataKey, Keys, seal_json
from crm_adapter.encryption.vault import house_key, load_key
from crm_adapter.tables import contacts

Purpose = Literal["confirmation", "invitation", "alert"]

DELIVER = "outgoing:deliver"
"""The job's name; its only argument is the message's id."""
_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', :task, 0, :lock, NULL, "
    "jsonb_build_object('message_id', CAST(:id AS text)), NULL)::procrastinate_job_to_defer_v1])"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or text message. ``contact_id`` says whose it is, ``None`` for staff; ``code`` is for templates.

    After ``expires_at`` it is not sent any more.
    """

    kind: Kind
    purpose: Purpose
    recipient: str
    written: Written
    contact_id: UUID | None = None
    code: str = ""
    expires_at: datetime | None = None


class Outgoing:
    """The gateway; one per process."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self.settings = settings
        self.keys = keys

    @property
    def configured(self) -> bool:
        """Whether anything can be sent: without a provider a developer's page shows it."""
        return self.settings.mail.configured or self.settings.sms.configured

    def can_send(self, kind: Kind) -> bool:
        """Whether there is a provider for this kind."""
        return self.settings.mail.configured if kind == "mail" else self.settings.sms.configured

    async def enqueue(self, connection: AsyncConnection, message: Message) -> UUID:
        """Writes it down as part of the caller's transaction; it is delivered once that is committed.

        Raises :class:`~crm_adapter.encryption.KeyGone` for a contact that was erased.
        """
        key = await self._key_of(connection, message.contact_id)
        message_id = uuid7()
        subject, body = message.written
        row = {
            "id": message_id,
            "kind": message.kind,
            "purpose": message.purpose,
            "contact_id": message.contact_id,
            "key_id": key.id,
            "sealed_recipient": seal_json(key, "outgoing_messages.recipient", message_id, message.recipient),
            "sealed_subject": seal_json(key, "outgoing_messages.subject", message_id, subject),
            "sealed_body": seal_json(key, "outgoing_messages.body", message_id, {"text": body, "code": message.code}),
            "expires_at": message.expires_at,
        }
        if self.can_send(message.kind):
            await connection.execute(insert(outgoing_messages).values(**row, state="queued"))
            job = {"task": DELIVER, "lock": f"outgoing:{message_id}", "id": str(message_id)}
            await connection.execute(_DEFER, job)
        else:
            await connection.execute(insert(outgoing_messages).values(**row, state="shown", settled_at=func.now()))
        return message_id

    async def invite(
        self, connection: AsyncConnection, email: str, locale: Locale, *, name: str, login: str, link: str
    ) -> UUID:
        """Mails the one-time link of an account to its owner."""
        days = f"{self.settings.staff.link_days:g}"
        values = {"name": name, "login": login, "link": link, "days": days, "sender": self.sender(locale)}
        written = write("invitation", "mail", locale, **values)
        return await self.enqueue(connection, Message("mail", "invitation", email, written))

    async def alert(self, connection: AsyncConnection, subject: str, body: str) -> list[UUID]:
        """Mails something that needs a person's eye to everybody in ``settings.mail.alerts``."""
        written = Written(subject, body)
        return [
            await self.enqueue(connection, Message("mail", "alert", address, written))
            for address in self.settings.mail.alerts
        ]

    def sender(self, locale: Locale) -> str:
        """The company's name in that language."""
        return self.settings.mail.sender_name[locale]

    async def _key_of(self, connection: AsyncConnection, contact_id: UUID | None) -> DataKey:
        if contact_id is None:
            return await house_key(connection, self.keys)
        # Held against an erasure: what it has not seen would stay in the queue.
        query = select(contacts.c.key_id).where(contacts.c.id == contact_id).with_for_update(read=True, key_share=True)
        return await load_key(connection, self.keys, (await connection.execute(query)).scalar_one())
