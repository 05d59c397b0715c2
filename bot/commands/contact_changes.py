"""``yingda contact set``, ``contact merge`` and ``contact unmerge``: what is known, and who is one customer."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from bot.commands.naming import named_contact, refuse_unknown
from bot.commands.reader import reader
from bot.commands.store import open_sealed_store
from bot.customers import open_crm
from bot.settings import read_settings
from bot.web.problems import describe
from crm_adapter.customers import fault_text
from crm_adapter.port import BadField, Refused, UnknownRecord, VersionConflict
from crm_adapter.records.customers import Provenance, Updated
from crm_adapter.sql_store import SqlStore

Named = Callable[[str], Awaitable[UUID]]
"""Finds whom the command line names."""


async def run_set(args: argparse.Namespace) -> int:
    """Prints the contact's version; 1 when the store refuses, and then nothing is changed."""
    told = Provenance("command", _by(), datetime.now(UTC))

    async def change(crm: SqlStore, named: Named) -> str:
        done = await crm.set_fields(await named(args.contact), dict(args.fields), told, expected_version=args.version)
        if isinstance(done, Updated):
            return f"{done.contact_id} is at version {done.version}."
        return "Nothing new: all of it stood there already."

    return await _on_store(args, change)


async def run_merge(args: argparse.Namespace) -> int:
    """Prints the merge's id; 1 when the store refuses."""

    async def merge(crm: SqlStore, named: Named) -> str:
        return str(await crm.merge(await named(args.source), await named(args.target), _by(), args.reason))

    return await _on_store(args, merge)


async def run_unmerge(args: argparse.Namespace) -> int:
    """Takes the merge back; 1 when the store refuses."""

    async def unmerge(crm: SqlStore, named: Named) -> str:
        await crm.unmerge(args.merge, _by())
        return "Taken back."

    return await _on_store(args, unmerge)


async def _on_store(args: argparse.Namespace, work: Callable[[SqlStore, Named], Awaitable[str]]) -> int:
    async with open_sealed_store(args) as (engine, keys):
        try:
            print(await work(open_crm(read_settings(), engine, keys), partial(named_contact, engine, keys)))
        except BadField as bad:
            return _refuse(f"{bad.field}: {fault_text(bad.code, 'en')}")
        except UnknownRecord as unknown:
            return refuse_unknown(unknown)
        except VersionConflict as conflict:
            return _refuse_code("version_conflict", actual=conflict.actual)
        except Refused as refused:
            return _refuse_code(refused.code)
    return 0


def _refuse(words: str) -> int:
    print(words[:1].upper() + words[1:], file=sys.stderr)
    return 1


def _refuse_code(code: str, **values: Any) -> int:
    title, detail = describe(code, "en", values)
    return _refuse(f"{title}. {detail}")


def _by() -> str:
    return f"system:{reader()}"
