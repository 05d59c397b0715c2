"""``yingda staff`` as whoever sits at the machine types it."""

import asyncio
import re

import pytest

from bot.__main__ import main
from bot.storage.database import make_engine
from tests.integration.console_client import PASSWORD, Reply, serving

LINK = re.compile(r"http://127\.0\.0\.1:8080/console/#/welcome\?token=([\w-]{43})\n")


@pytest.fixture
def run(addresses, tmp_path, monkeypatch, capsys):
    """Runs ``yingda ARGUMENTS`` on the test's database: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("YINGDA_DEMO", "false")
    monkeypatch.chdir(tmp_path)

    def yingda(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return yingda


@pytest.fixture
def use_link(addresses, settings):
    """What the console answers to a link's token."""

    async def use(token: str) -> Reply:
        engine = make_engine(addresses.application_url, settings)
        async with serving(engine) as console:
            reply = await console.browser().call("POST", "/api/session/link", {"token": token, "password": PASSWORD})
        await engine.dispose()
        return reply

    return lambda token: asyncio.run(use(token))


def test_an_account_is_made_listed_and_let_back_in(run, use_link):
    code, out, err = run("staff", "add", "Mei", "--role", "agent", "--role", "auditor", "--display-name", "小美")
    assert code == 0, err
    first = LINK.fullmatch(out)
    assert first

    code, out, err = run("staff", "list")
    assert (code, out) == (0, "mei\tagent,auditor\tpending\tnever\n"), err

    code, out, err = run("staff", "link", "MEI")
    second = LINK.fullmatch(out)
    assert (code, bool(second)) == (0, True), err

    assert use_link(first[1]).code == "link_invalid"
    assert use_link(second[1]).body["staff"]["display_name"] == "小美"

    code, out, _ = run("staff", "list")
    assert re.fullmatch(r"mei\tagent,auditor\tactive\t\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00\n", out)


def test_what_cannot_be_done_is_said(run):
    assert (run("staff", "add", "mei", "--role", "agent"))[0] == 0
    code, out, err = run("staff", "add", "MEI", "--role", "agent")
    assert (code, out) == (1, "")
    assert err.strip().endswith("Name taken. Another account has this name; choose a different one.")
    code, out, err = run("staff", "link", "nobody")
    assert (code, out) == (1, "")
    assert "There is no such staff account." in err
    code, _, err = run("staff", "add", "a b", "--role", "agent")
    assert code == 1
    assert "letters, digits" in err
    code, _, err = run("staff", "add", "lin", "--role", "emperor")
    assert code == 2
    assert "emperor" in err
