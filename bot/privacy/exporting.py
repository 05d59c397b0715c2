"""The file of a request to see or take along one's data: made on demand, kept for some days, then made no more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from bot.jobs.retention import export_path
from bot.settings import Settings
from bot.storage.blobs import BlobStore
from crm_adapter.port import Refused
from crm_adapter.records.rights import PrivacyRequest, RequestKind
from crm_adapter.rights.bundle import write_bundle
from crm_adapter.sql_store import SqlStore

WITH_FILE: Final[tuple[RequestKind, ...]] = ("view", "export")


class Exports:
    """Makes the files of requests, in the folder the settings name."""

    def __init__(self, settings: Settings, crm: SqlStore, blobs: BlobStore) -> None:
        self._settings = settings
        self._crm = crm
        self._blobs = blobs

    async def file_of(self, request: PrivacyRequest) -> Path:
        """The request's ZIP: fresh while the request is being worked on, then as it is for the set days.

        Raises :class:`Refused` ``no_export`` for other kinds, ``bad_transition`` before the person is checked, and
        ``export_gone`` after those days.
        """
        if request.kind not in WITH_FILE:
            raise Refused("no_export")
        path = export_path(self._settings, request.id)
        if request.state == "answered":
            days = timedelta(days=self._settings.retention.exports)
            if request.answered_at is None or datetime.now(UTC) - request.answered_at > days:
                raise Refused("export_gone")
            if await asyncio.to_thread(path.exists):
                return path
        elif request.state != "in_progress":
            raise Refused("bad_transition")
        await self.write(request.contact_id, path)
        if (await self._crm.privacy_request(request.id)).state not in ("in_progress", "answered"):
            # Ended, as by an erasure, while it was written: it may have come after the clearing up.
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise Refused("bad_transition")
        return path

    async def write(self, contact_id: UUID, path: Path) -> None:
        """Everything held about the contact's family, as a ZIP at ``path``. Raises ``UnknownRecord``."""
        export = await self._crm.export(contact_id)
        contact = await self._crm.contact(contact_id)
        attachments = self._attachments([identity.id for identity in contact.identities])
        await write_bundle(path, export, self._settings.crm.controller, contact.locale, attachments)

    async def _attachments(self, identity_ids: Sequence[UUID]) -> AsyncIterator[tuple[str, bytes]]:
        for blob in await self._blobs.of_identities(identity_ids):
            found = await self._blobs.read(blob.id)
            if found is not None:
                yield f"{blob.id}-{blob.name}", found[1]
