"""Mail from the outside: a killed worker, the developer's page, invitations, the commands."""

import asyncio
import re

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.__main__ import main
from bot.outgoing import Message, Outgoing
from bot.outgoing.delivery import deliver
from bot.outgoing.listing import list_messages, list_shown
from bot.outgoing.texts import Written
from bot.settings import Mail, Settings, read_settings
from bot.storage.database import make_engine
from bot.storage.keyring import open_keys
from bot.web import keys as web_keys
from bot.web.dev import ROUTES, can_show
from bot.web.problems import problems
from bot.web.routes import register
from bot.web.security import secure
from tests.integration.console_client import serving
from tests.integration.outgoing_providers import mail_server, state_of
from tests.servers import LiveServer

pytestmark = pytest.mark.heavy

NOTICE = {"zh-Hans": "并没有真正发送", "zh-Hant": "並沒有真正傳送", "en": "Nothing is really sent"}


async def test_a_worker_killed_in_the_middle_leaves_a_doubt_and_no_second_mail(engine, pool, addresses, settings):
    keys = open_keys(settings)
    async with mail_server() as server:
        server.stall = 60
        mail = Mail(host="127.0.0.1", port=server.port, tls="none", sender="a@example.com", timeout_s=60)
        settings = settings.model_copy(update={"mail": mail})
        async with engine.begin() as connection:
            message = Message("mail", "alert", "ops@example.com", Written("Disk", "The disk is full."))
            number = await Outgoing(settings, keys).enqueue(connection, message)
        worker = LiveServer(
            addresses,
            settings.var_dir,
            command="worker",
            YINGDA_MAIL__HOST="127.0.0.1",
            YINGDA_MAIL__PORT=str(server.port),
            YINGDA_MAIL__TLS="none",
            YINGDA_MAIL__SENDER="a@example.com",
            YINGDA_MAIL__TIMEOUT_S="60",
        )
        await asyncio.to_thread(worker.start, wait=False)
        try:
            async with asyncio.timeout(60):
                await server.received.wait()
            assert (await state_of(engine, number))[0] == "begun"
        finally:
            await asyncio.to_thread(worker.kill)
        assert (await state_of(engine, number))[0] == "begun"
        await deliver(settings, keys, pool, number)
        await deliver(settings, keys, pool, number)
        assert await state_of(engine, number) == ("unknown", "broken_off", 1)
        assert len(server.mails) == 1
    assert "ops@example.com" not in worker.log.read_text(encoding="utf-8")


def dev_app(settings: Settings, engine) -> web.Application:
    app = web.Application(middlewares=[problems])
    app[web_keys.ENGINE] = engine
    app[web_keys.PUBLIC_URL] = settings.base_url
    app[web_keys.OUTGOING] = Outgoing(settings, open_keys(settings))
    secure(app)
    register(app, ROUTES)
    return app


async def ask(settings, engine, query="", **headers) -> tuple[int, str, dict]:
    async with (
        TestServer(dev_app(settings, engine)) as server,
        ClientSession() as http,
        http.get(server.make_url("/dev/outgoing" + query), headers=headers) as response,
    ):
        return response.status, await response.text(), dict(response.headers)


async def test_the_page_says_that_nothing_is_sent_and_shows_what_would_be(engine, settings):
    outgoing = Outgoing(settings, open_keys(settings))
    async with engine.begin() as connection:
        written = Written("<b>Hi</b>", "See https://example.com/?a=1&b=2 <script>alert(1)</script>")
        await outgoing.enqueue(connection, Message("mail", "invitation", "wang@example.com", written, code="012345"))
    for locale, notice in NOTICE.items():
        status, page, headers = await ask(settings, engine, f"?lang={locale}")
        assert status == 200
        assert f'<html lang="{locale}">' in page
        assert notice in page
        assert headers["Cache-Control"] == "no-store"
    assert "wang@example.com" in page
    assert "012345" in page
    assert "<script>" not in page
    assert "<b>Hi" not in page
    assert '<a href="https://example.com/?a=1&amp;b=2"' in page
    assert 'http-equiv="refresh"' in page
    assert "script-src" not in headers["Content-Security-Policy"]
    assert NOTICE["zh-Hant"] in (await ask(settings, engine, **{"Accept-Language": "zh-TW"}))[1]


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "1.2.3.4"}, {"Forwarded": "for=1.2.3.4"}, {"Host": "evil.example"}]
)
async def test_the_page_is_for_this_machine_only(engine, settings, headers):
    assert (await ask(settings, engine, **headers))[0] == 404


async def test_there_is_no_page_once_something_is_configured_or_the_server_is_public(engine, settings):
    assert (await ask(settings.model_copy(update={"mail": Mail(host="mail.example", sender="a@example.com")}), engine))[
        0
    ] == 404
    public = settings.model_copy(update={"public_url": "https://service.example"})
    assert not can_show(Outgoing(public, open_keys(settings)))
    assert (await ask(public, engine))[0] == 404


@pytest.fixture
def run(addresses, tmp_path, monkeypatch, capsys):
    """Runs ``yingda ARGUMENTS`` on the test's database: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.chdir(tmp_path)

    def yingda(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return code, *capsys.readouterr()

    return yingda


def test_an_invitation_is_mailed_and_listed_without_its_content(run, addresses):
    code, link, _ = run("staff", "add", "li.na", "--role", "agent", "--display-name", "李娜", "--email", "li@a.example")
    assert code == 0

    async def look() -> tuple:
        settings = read_settings()
        engine = make_engine(addresses.application_url, settings)
        try:
            async with engine.connect() as connection:
                return await list_shown(connection, open_keys(settings)), await list_messages(connection)
        finally:
            await engine.dispose()

    (shown,), (noted,) = asyncio.run(look())
    assert shown.letter.recipient == "li@a.example"
    assert link.strip() in shown.letter.written.text
    assert "李娜" in shown.letter.written.text
    code, listed, _ = run("outgoing", "list")
    assert code == 0
    assert listed.startswith(f"{noted.id}\tmail\tinvitation\tshown\t0\t-\t")
    assert "li@a.example" not in listed
    assert run("staff", "add", "bo", "--role", "agent", "--email", "nobody")[0] == 2


async def test_the_console_mails_an_invitation_in_the_administrators_language(engine, settings, keys):
    async with serving(engine, OUTGOING=Outgoing(settings, keys)) as console:
        root = await console.signed_in("root", "administrator")
        person = {"name": "li.na", "display_name": "Li Na", "roles": ["agent"]}
        refused = await root.call("POST", "/api/staff", {**person, "email": "li@a.example, all@a.example"})
        assert refused.body["fields"] == [{"field": "email", "reason": "not_allowed"}]
        headers = {"Accept-Language": "en"}
        added = await root.call("POST", "/api/staff", {**person, "email": "li@a.example"}, headers=headers)
        taken = await root.call("POST", "/api/staff", {**person, "email": "li@a.example"})
        assert (added.status, taken.code) == (201, "name_taken")
    async with engine.connect() as connection:
        (shown,) = await list_shown(connection, keys)
    assert shown.letter.recipient == "li@a.example"
    assert added.body["link"] in shown.letter.written.text


def test_a_test_mail_tells_how_it_went(run, monkeypatch):
    assert run("outgoing", "send-test", "li@a.example")[0] == 1
    assert run("outgoing", "send-test", "12")[0] == 2
    monkeypatch.setenv("YINGDA_MAIL__HOST", "127.0.0.1")
    monkeypatch.setenv("YINGDA_MAIL__PORT", "1")
    monkeypatch.setenv("YINGDA_MAIL__TLS", "none")
    monkeypatch.setenv("YINGDA_MAIL__SENDER", "a@example.com")
    code, told, _ = run("outgoing", "send-test", "li@a.example")
    assert (code, told) == (1, "again: not_reached\n")


def test_the_start_names_the_page(live_server):
    said = live_server.log.read_text(encoding="utf-8")
    assert re.search(rf"{live_server.url}/dev/outgoing\s", said)
