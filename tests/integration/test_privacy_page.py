"""The privacy policy: complete in three languages, the same as the notices, and true about the browser's storage."""

import json
import re
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
import pytest_asyncio
import rfc8785
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bot.settings import LOCALES
from bot.web import keys as app_keys
from bot.web import problems, security
from bot.web.privacy import ROUTES
from bot.web.privacy.page import storage_keys
from bot.web.routes import register
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.servers import ROOT

WIDGET = ROOT / "ui" / "widget"
CONTROLLER = "Nuanju <& Söhne>"


@pytest_asyncio.fixture
async def policy(engine, keys):
    app = web.Application(middlewares=[problems.problems])
    security.secure(app)
    app[app_keys.CRM] = SqlStore(engine, keys, Policy(controller=CONTROLLER, child_below_years=16))
    register(app, ROUTES)
    async with TestServer(app) as server, ClientSession(server.make_url("/")) as session:
        yield session


@pytest.mark.parametrize("locale", LOCALES)
async def test_the_page_tells_every_notice_in_force(policy, locale):
    async with policy.get("/privacy", params={"lang": locale}) as response:
        page = await response.text()
        assert (response.status, response.headers["Content-Language"]) == (200, locale)
        assert "script" not in response.headers["Content-Security-Policy"]
    assert f'<html lang="{locale}">' in page
    assert "Nuanju &lt;&amp; Söhne&gt;" in page
    assert CONTROLLER not in page
    page = unescape(page)
    assert len(re.findall(r"\b16\b|16 ?[歲岁周]", page)) >= 2, "the company's own age, at marketing and about children"
    async with policy.get("/privacy.json") as response:
        told = await response.json()
    assert len(told["notices"]) == 5
    for notice in told["notices"]:
        words = notice["content"]["texts"][locale]
        for name in ("title", "purpose", "method", "retention", "rights", "contact"):
            assert words[name] in page, name
        assert all(category in page for category in words["categories"])
        assert all(one["name"] in page and one["contact"] in page for one in words["recipients"])
    for one in told["storage"]:
        assert one["key"] in page
        assert one["what"][locale] in page


async def test_the_language_is_the_browsers_unless_one_is_asked_for(policy):
    for header, query, expected in (
        ("en-GB", "", "en"),
        ("zh-TW", "", "zh-Hant"),
        ("en", "?lang=zh-Hans", "zh-Hans"),
        ("zh-TW", "?lang=klingon", "zh-Hant"),
        ("", "", "zh-Hans"),
    ):
        async with policy.get(f"/privacy{query}", headers={"Accept-Language": header}) as response:
            assert response.headers["Content-Language"] == expected


async def test_the_hashes_are_those_of_the_content(policy, engine):
    async with policy.get("/privacy.json") as response:
        told = json.loads(await response.text())
    for notice in told["notices"]:
        assert notice["hash"] == sha256(rfc8785.dumps(notice["content"])).hexdigest()
        assert notice["version"] == 1


async def test_the_style_is_served(policy):
    async with policy.get("/privacy/page.css") as response:
        assert (response.status, response.content_type) == (200, "text/css")


def keys_in_the_source() -> set[str]:
    """Every key that the chat's source writes into a browser's storage, as the policy writes them."""
    sources = [path for path in WIDGET.rglob("*.ts") if not path.name.endswith(".test.ts")]
    texts = {path: path.read_text(encoding="utf-8") for path in sources}
    everywhere = dict(re.findall(r"export const (\w+) = '([^']*)'", "\n".join(texts.values())))
    found = set()
    for text in texts.values():
        constants = everywhere | dict(re.findall(r"const (\w+) = '([^']*)'", text))
        for first in re.findall(r"\bstore\.set\(([^,]+),", text):
            if first.startswith("'"):
                name = first.strip("'")
            else:
                start, _, rest = first.partition(" + ")
                name = constants[start] + ("{id}" if rest else "")
            found.add(f"yingda:{{account}}:{name}")
        for first in re.findall(r"(?:shelf|localStorage|sessionStorage|tab\??)\.setItem\(([^,]+),", text):
            if first.startswith("'"):
                found.add(first.strip("'"))
            elif first == "this.flag":
                (flag,) = re.findall(r"this\.flag = `([^`]*)`", text)
                found.add(flag.replace("${", "{"))
            else:
                # The store's own shelf, and the page's copy of what the store keeps: the keys are those above.
                assert first in ("this.prefix + key", "key"), first
    return found


def test_the_policy_names_exactly_the_keys_that_the_chat_writes():
    """PR11: nothing is kept that is not told, nothing is told that is not kept."""
    assert keys_in_the_source() == {one["key"] for one in storage_keys()}


def test_the_chat_keeps_nothing_anywhere_else():
    elsewhere = re.compile(r"document\.cookie|indexedDB|\bcaches\.|serviceWorker|cookieStore|navigator\.storage")
    offenders = [
        str(path)
        for path in WIDGET.rglob("*.ts")
        if not path.name.endswith(".test.ts") and elsewhere.search(path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


@pytest.mark.parametrize("file", ["widget/frame/view/notice.ts", "demo/index.html"])
def test_widget_and_demo_page_link_to_it(file):
    """PR13: it stands on every channel that has pages."""
    text = Path(ROOT / "ui" / file).read_text(encoding="utf-8")
    assert "_blank" in text
    assert "policyUrl" in text or 'href="/privacy"' in text
