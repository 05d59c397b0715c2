"""The file a person is given: data.json, index.html and their attachments in one ZIP."""

import asyncio
import json
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from uuid_utils.compat import uuid7

from crm_adapter.records.customers import Export
from crm_adapter.rights.readable import page_of


async def write_bundle(
    path: Path, export: Export, controller: str, locale: str, attachments: AsyncIterator[tuple[str, bytes]]
) -> None:
    """Writes the ZIP, readable by us alone and whole or not at all; one attachment is in memory at a time."""
    await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid7().hex}.part")
    names: list[str] = []
    try:
        with await asyncio.to_thread(_open, part) as bundle:
            async for name, content in attachments:
                names.append(f"attachments/{name}")
                await asyncio.to_thread(bundle.writestr, names[-1], content)
            # Years of messages are written out beside the loop: others are being answered meanwhile.
            await asyncio.to_thread(_write_words, bundle, export, controller, locale, names)
        await asyncio.to_thread(part.replace, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _write_words(bundle: zipfile.ZipFile, export: Export, controller: str, locale: str, names: list[str]) -> None:
    data = {"made_at": export.made_at.isoformat(), "controller": controller, **export.content, "attachments": names}
    bundle.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2))
    bundle.writestr("index.html", page_of(export, controller, locale, names))


def _open(path: Path) -> zipfile.ZipFile:
    # Made with our rights before anything is in it.
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
