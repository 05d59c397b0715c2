"""Notices: what a customer is told before being asked, made from the purposes, named by the hash of its content.

Everything PIPL 17 and 23 ask for is in the hash: controller and contact, purpose, method, categories, retention,
recipients, rights, in every language. So whatever of it changes makes another notice, and PIPL 14 is kept in its
strict form: who agreed to the older one is asked again, and until then the purpose is not allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import rfc8785
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from crm_adapter.consent.fold import Standing
from crm_adapter.consent.purposes import LOCALES, Document, Party, Purpose, Words
from crm_adapter.consent.tables import notices
from crm_adapter.records.consent import Consent

NO_RECIPIENT = ""


@dataclass(frozen=True)
class Notice:
    """One purpose's, or for sharing one recipient's, in all languages."""

    purpose: str
    recipient: str
    content: Mapping[str, Any]
    policy_url: str | None = None
    """PR13: where the whole policy stands; outside the hash, for a page that moves changes nothing that was told."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON (RFC 8785), in hex."""
        return sha256(rfc8785.dumps(dict(self.content))).hexdigest()

    def words(self, locale: str) -> Mapping[str, Any]:
        """``title``, ``purpose``, ``method``, ``ask``, ``categories``, ``retention``, ``recipients``, ``contact``,
        ``rights``; English for a language we lack."""
        texts: Mapping[str, Mapping[str, Any]] = self.content["texts"]
        return texts.get(locale, texts["en"])

    def link(self, locale: str) -> str | None:
        """The policy's page in that language, to stand under the notice wherever it is shown."""
        return f"{self.policy_url}?lang={locale}" if self.policy_url else None


class Notices:
    """The notices in force: those of a company's purposes, as they are now."""

    def __init__(self, document: Document, controller: str, jurisdiction: str, policy_url: str | None = None) -> None:
        self.document = document
        self.controller = controller
        self.jurisdiction = jurisdiction
        self.policy_url = policy_url
        self._by_key = {(one.purpose, one.recipient): one for one in self._made()}

    @property
    def purposes(self) -> Mapping[str, Purpose]:
        """By name, in the order of the file."""
        return self.document.purposes

    def all(self) -> Sequence[Notice]:
        """In the order of the file."""
        return list(self._by_key.values())

    def find(self, purpose: str, recipient: str = NO_RECIPIENT) -> Notice | None:
        """The notice in force; ``None`` for an unknown purpose or recipient."""
        return self._by_key.get((purpose, recipient))

    def shown(self, channel: str, one: Standing) -> Consent:
        """What stands on a channel, and whether it was said to the notice in force."""
        notice = self.find(one.purpose, one.recipient)
        return Consent(
            purpose=one.purpose,
            channel=channel,
            recipient=one.recipient or None,
            state=one.state,
            event_id=one.event_id,
            notice_version=one.notice_version,
            current_notice=notice is not None and notice.hash == one.notice_hash,
            since=one.since,
        )

    def _made(self) -> list[Notice]:
        return [
            Notice(name, recipient, self._content(name, purpose, recipient), self.policy_url)
            for name, purpose in self.purposes.items()
            for recipient in (purpose.recipients if purpose.per_recipient else [NO_RECIPIENT])
        ]

    def _content(self, name: str, purpose: Purpose, recipient: str) -> dict[str, Any]:
        shared_with = [recipient] if recipient else purpose.recipients
        parties = [self.document.parties[one] for one in shared_with]
        categories = parties[0].categories if recipient else purpose.categories
        return {
            "controller": self.controller,
            "jurisdiction": self.jurisdiction,
            "purpose": name,
            "basis": purpose.basis,
            "categories": list(categories),
            "sensitive": any(self.document.categories[one].sensitive for one in categories),
            "recipients": list(shared_with),
            "retention": purpose.retention.period,
            "texts": {locale: self._texts(locale, purpose, parties, categories) for locale in LOCALES},
        }

    def _texts(
        self, locale: str, purpose: Purpose, parties: Sequence[Party], categories: Sequence[str]
    ) -> dict[str, Any]:
        def said(words: Words | None) -> str | None:
            return None if words is None else words.of(locale)

        return {
            "title": said(purpose.title),
            "purpose": said(purpose.purpose),
            "method": said(purpose.method),
            "ask": said(purpose.ask),
            "categories": [self.document.categories[one].of(locale) for one in categories],
            "retention": said(purpose.retention),
            "recipients": [{"name": one.name.of(locale), "contact": one.contact.of(locale)} for one in parties],
            "contact": said(self.document.contact),
            "rights": said(self.document.rights),
        }


async def keep_notice(connection: AsyncConnection, notice: Notice) -> int:
    """Stores the notice unless it is stored; its version, counted per purpose and recipient from 1."""
    known = select(notices.c.version).where(notices.c.hash == notice.hash)
    while True:
        version: int | None = (await connection.execute(known)).scalar_one_or_none()
        if version is not None:
            return version
        same = (notices.c.purpose == notice.purpose, notices.c.recipient == notice.recipient)
        last = select(func.coalesce(func.max(notices.c.version), 0) + 1).where(*same)
        values = {
            "hash": notice.hash,
            "purpose": notice.purpose,
            "recipient": notice.recipient,
            "version": (await connection.execute(last)).scalar_one(),
            "content": dict(notice.content),
        }
        # Another process may take the same number, or store the same notice: then the next round sees it.
        await connection.execute(insert(notices).values(values).on_conflict_do_nothing())
