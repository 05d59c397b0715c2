"""The link to one's own data: a page first, the file once, and never again."""

import asyncio
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.handlers.export_link import write_token
from bot.privacy.exporting import Exports
from bot.settings import LOCALES
from bot.storage.blobs import BlobStore
from bot.web import keys as app_keys
from bot.web import problems, security
from bot.web.privacy import ROUTES
from bot.web.routes import register
from crm_adapter.policy import Policy
from crm_adapter.records.rights import NewPrivacyRequest
from crm_adapter.sql_store import SqlStore
from tests.integration.privacy_customers import NAME, make_customer

NOW = datetime.now(UTC)


@pytest.fixture
def store(engine, keys) -> SqlStore:
    return SqlStore(engine, keys, Policy())


@pytest_asyncio.fixture
async def pages(store, keys, settings, pool):
    app = web.Application(middlewares=[problems.problems])
    security.secure(app)
    app[app_keys.CRM], app[app_keys.KEYS] = store, keys
    app[app_keys.EXPORTS] = Exports(settings, store, BlobStore(settings.var_dir / "blobs", pool, keys))
    register(app, ROUTES)
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as session:
        yield session


@pytest.fixture
async def request_id(store, engine, keys, pool):
    person = await make_customer(store, engine, keys)
    async with pool.connection() as connection:  # the planted attachment has no file
        await connection.execute("DELETE FROM bot.blobs")
    new = NewPrivacyRequest(person.contact_id, "export", "customer", NOW, identity_id=person.identity_id)
    request = await store.open_privacy_request(new)
    await store.start_privacy_request(request.id, "system:chat", NOW)
    return request.id


def link(keys, request_id, hours: float = 1) -> str:
    return f"/privacy/file/{write_token(keys, request_id, datetime.now(UTC) + timedelta(hours=hours))}"


async def test_the_page_changes_nothing_and_the_button_gives_the_file_once(pages, keys, store, request_id):
    address = link(keys, request_id)
    for _ in range(2):  # a messenger looks at a link before its reader does
        async with pages.get(address, params={"lang": "en"}) as response:
            page = await response.text()
            assert (response.status, response.headers["Content-Language"]) == (200, "en")
            assert response.headers["Cache-Control"] == "no-store"
            assert "form-action 'self'" in response.headers["Content-Security-Policy"]
            assert '<form method="post"><button>Download</button></form>' in page
    assert (await store.privacy_request(request_id)).state == "in_progress"
    async with pages.post(address) as response:
        assert response.status == 200
        bundle = zipfile.ZipFile(io.BytesIO(await response.read()))
    assert NAME in json.dumps(json.loads(bundle.read("data.json")), ensure_ascii=False)
    answered = await store.privacy_request(request_id)
    assert (answered.state, answered.handled_by) == ("answered", "system:chat")
    for again in (pages.get(address), pages.post(address)):
        async with again as response:
            assert response.status == 410
            assert "<form" not in await response.text()


async def test_of_two_at_once_one_gets_it(pages, keys, request_id):
    address = link(keys, request_id)

    async def fetch() -> int:
        async with pages.post(address) as response:
            await response.read()
            return response.status

    assert sorted(await asyncio.gather(fetch(), fetch())) == [200, 410]


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_link_that_is_over_or_none_of_ours_says_what_to_do(pages, keys, store, request_id, locale):
    good = link(keys, request_id)
    for address in (link(keys, request_id, hours=-1), good[:-3] + "AAA", "/privacy/file/x", "/privacy/file/%00%F0"):
        for ask in (pages.get, pages.post):
            async with ask(address, params={"lang": locale}) as response:
                assert (response.status, response.headers["Content-Language"]) == (410, locale)
    assert (await store.privacy_request(request_id)).state == "in_progress"


async def test_a_request_that_was_settled_in_the_meantime_gives_nothing(pages, keys, store, request_id):
    address = link(keys, request_id)
    await store.refuse_privacy_request(request_id, "was not theirs", "staff:1", NOW)
    async with pages.post(address) as response:
        assert response.status == 410
