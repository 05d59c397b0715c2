"""Imports of contacts: a file is handed in and looked at, then started, then its rejected rows are fetched (PR12)."""

import asyncio
import json
from typing import Annotated, Any, NoReturn
from uuid import UUID

from aiohttp import BodyPartReader, web
from pydantic import Field

from bot.staff.roles import Permission
from bot.web import bodies
from bot.web.bodies import Body, Line, check, invalid, read_model
from bot.web.console.guard import actor_of
from bot.web.console.paging import id_in, page_of, page_reply, place_id, reply
from bot.web.console.seen import SEEN, WHY, Why
from bot.web.keys import DEFER_IMPORT, ENGINE, IMPORT_LIMITS, KEYS
from bot.web.language import locale_of
from bot.web.problems import Problem
from bot.web.routes import Route
from crm_adapter.imports import (
    TARGETS,
    Import,
    ImportFault,
    LawfulBasis,
    NewImport,
    create_import,
    drop_import,
    find_import,
    guess_columns,
    lawful_basis,
    list_imports,
    read_table,
    rejected_csv,
    release,
    start_import,
)
from crm_adapter.port import Refused

_SLOWEST_UPLOAD = 64 * 1024  # bytes per second
_OPTIONS_BYTES = 64 * 1024
Reference = Annotated[Line, Field(max_length=500)]
Header = Annotated[str, Field(max_length=200)]
Target = Annotated[str, Field(max_length=50)]


class _Options(Body):
    """``mapping``: header to field; an empty field leaves the column out."""

    system: Annotated[Line, Field(min_length=1, max_length=100)]
    mapping: Annotated[dict[Header, Target], Field(default_factory=dict, max_length=1000)]
    sheet: Annotated[str, Field(max_length=200)] | None = None
    basis: Reference | None = None
    proof: Reference | None = None


class _Look(Body):
    sheet: Annotated[str, Field(max_length=200)] | None = None


class _Basis(Body):
    basis: Reference
    proof: Reference


async def show_columns(request: web.Request) -> web.Response:
    """What a file's columns are called and what they seem to hold, with its first row; nothing is kept of it."""
    limits = request.app[IMPORT_LIMITS]
    _, content, given = await _read_form(request, limits.file_bytes)
    options = check(_Look, given)
    try:
        table = await asyncio.to_thread(read_table, content, limits, options.sheet)
        first = await asyncio.to_thread(next, table.rows, None)
    except ImportFault as fault:
        _refuse(fault)
    cells = zip(table.headers, first.cells if first else (), strict=False)
    return reply(
        {
            "headers": [one for one in dict.fromkeys(table.headers) if one],
            "mapping": guess_columns(table.headers),
            "sample": dict(reversed(list(cells))),
            "targets": list(TARGETS),
        }
    )


async def hand_in(request: web.Request) -> web.Response:
    """Takes a multipart form of ``options`` (JSON) and ``file``; the dry run follows by itself."""
    name, content, given = await _read_form(request, request.app[IMPORT_LIMITS].file_bytes)
    options = check(_Options, given)
    try:
        new = NewImport(
            name=name,
            content=content,
            system=options.system,
            by=actor_of(request),
            mapping=options.mapping,
            sheet=options.sheet,
            basis=lawful_basis(options.basis, options.proof),
        )
        import_id = await create_import(request.app[ENGINE], request.app[KEYS], request.app[IMPORT_LIMITS], new)
    except ImportFault as fault:
        _refuse(fault)
    await request.app[DEFER_IMPORT](import_id)
    return reply(_shape(await _found(request, import_id)), status=201)


async def show_imports(request: web.Request) -> web.Response:
    page = page_of(request)
    async with request.app[ENGINE].begin() as connection:
        found = await list_imports(connection, request.app[KEYS], before=place_id(page.cursor), limit=page.asked)
    return page_reply(page, found, lambda one: str(one.id), _shape)


async def show_import(request: web.Request) -> web.Response:
    return reply(_shape(await _found(request, id_in(request))))


async def start(request: web.Request) -> web.Response:
    import_id = id_in(request)
    await _found(request, import_id)
    async with request.app[ENGINE].begin() as connection:
        await start_import(connection, import_id)
    await request.app[DEFER_IMPORT](import_id)
    return reply(_shape(await _found(request, import_id)))


async def drop(request: web.Request) -> web.Response:
    """Takes a dry run back; what has started stays."""
    import_id = id_in(request)
    async with request.app[ENGINE].begin() as connection:
        if (await find_import(connection, request.app[KEYS], import_id)).started_at is not None:
            raise Refused("already_started")
        await drop_import(connection, import_id)
    return web.Response(status=204)


async def show_rejected(request: web.Request) -> web.StreamResponse:
    """The rejected rows as CSV with their reasons in the reader's language."""
    import_id = id_in(request)
    await _found(request, import_id)
    async with request.app[ENGINE].begin() as connection:
        parts = [part async for part in rejected_csv(connection, request.app[KEYS], import_id, locale_of(request))]
    request[WHY] = Why("service", f"import:{import_id}")  # rows that became nobody: the log names their file
    return web.Response(
        body=b"".join(parts),
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="rejected-{import_id}.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


async def release_import(request: web.Request) -> web.Response:
    """Lets the import's contacts out of quarantine."""
    return await _release(request, import_id=id_in(request))


async def release_contact(request: web.Request) -> web.Response:
    """Lets one contact out of quarantine."""
    contact_id = id_in(request)
    request[SEEN].add(contact_id)
    return await _release(request, contact_id=contact_id)


async def _release(request: web.Request, **whose: UUID) -> web.Response:
    wanted = await read_model(request, _Basis)
    try:
        basis = lawful_basis(wanted.basis, wanted.proof)
    except ImportFault as fault:
        _refuse(fault)
    if basis is None:
        raise invalid(("basis", "missing"))
    async with request.app[ENGINE].begin() as connection:
        count = await release(connection, request.app[KEYS], basis, actor_of(request), **whose)
    return reply({"released": count})


async def _read_form(request: web.Request, limit: int) -> tuple[str, bytes, dict[str, Any]]:
    if not request.content_type.startswith("multipart/"):
        raise Problem(415, "unsupported_type")
    if (request.content_length or 0) > limit + 2 * _OPTIONS_BYTES:
        raise Problem(413, "too_large")
    loop = asyncio.get_running_loop()
    latest = loop.time() + bodies.BODY_WITHIN_S + limit / _SLOWEST_UPLOAD
    parts: dict[str, tuple[str, bytes]] = {}
    try:
        async with bodies.reading() as patience:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or part.name not in ("file", "options") or part.name in parts:
                    raise invalid(("form", "not_allowed"))
                content = bytearray()
                while chunk := await part.read_chunk():
                    content += chunk
                    if len(content) > (limit if part.name == "file" else _OPTIONS_BYTES):
                        raise Problem(413, "too_large")
                    patience.reschedule(min(loop.time() + bodies.BODY_WITHIN_S, latest))
                parts[part.name] = (part.filename or "file", bytes(content))
    except (ValueError, AssertionError, RuntimeError):  # what aiohttp raises for a body that is no multipart
        raise Problem(400, "bad_request") from None
    missing = [(name, "missing") for name in ("file", "options") if name not in parts]
    if missing:
        raise invalid(*missing)
    name, content_of_file = parts["file"]
    return name[:200], content_of_file, _json(parts["options"][1])


def _json(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed_json") from None
    if not isinstance(value, dict) or not bodies.is_storable(json.dumps(value, ensure_ascii=False)):
        raise Problem(400, "malformed_json")
    return value


async def _found(request: web.Request, import_id: UUID) -> Import:
    async with request.app[ENGINE].begin() as connection:
        return await find_import(connection, request.app[KEYS], import_id)


def _refuse(fault: ImportFault) -> NoReturn:
    raise Problem(422, fault.code, line=fault.line, **fault.values) from None


def _shape(one: Import) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "system": one.system,
        "state": one.state,
        "mapping": dict(one.mapping),
        "left_out": list(one.left_out),
        "basis": _basis(one.basis),
        "rows_total": one.rows_total,
        "rows_done": one.rows_done,
        "counts": dict(one.counts),
        "checked": dict(one.checked) if one.checked is not None else None,
        "by": one.by,
        "at": one.at,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
    }


def _basis(basis: LawfulBasis | None) -> dict[str, str] | None:
    return {"kind": basis.kind, "proof": basis.proof} if basis else None


ROUTES = (
    Route("POST", "/api/imports/columns", show_columns, Permission.CONTACTS_IMPORT),
    Route("POST", "/api/imports", hand_in, Permission.CONTACTS_IMPORT),
    Route("GET", "/api/imports", show_imports, Permission.CONTACTS_IMPORT),
    Route("GET", "/api/imports/{id}", show_import, Permission.CONTACTS_IMPORT),
    Route("DELETE", "/api/imports/{id}", drop, Permission.CONTACTS_IMPORT),
    Route("POST", "/api/imports/{id}/start", start, Permission.CONTACTS_IMPORT),
    Route("GET", "/api/imports/{id}/rejected.csv", show_rejected, Permission.CONTACTS_IMPORT),
    Route("POST", "/api/imports/{id}/release", release_import, Permission.CONTACTS_IMPORT),
    Route("POST", "/api/contacts/{id}/release", release_contact, Permission.CONTACTS_IMPORT),
)
