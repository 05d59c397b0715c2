"""Whatever is sent to the staff API, the answer is a typed refusal, never a 500."""

import asyncio
import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from bot.staff.roles import ROLES
from bot.staff.rules import DEFAULT_RULES, StaffRules
from bot.staff.sessions import open_session
from bot.staff.tokens import csrf_token
from bot.web.console.mount import ROUTES
from tests.integration.console_client import Browser, make_staff, serving, store_talk

# Thousands of bad passwords are the point here.
PATIENT = StaffRules(failures_per_name=10**6, failures_per_address=10**6)
NAMES = ("name", "password", "token", "current", "new", "locale", "display_name", "roles", "active")
QUERY_NAMES = ("q", "cursor", "limit", "after", "channel", "direction", "outcome", "contact_id")

texts = (
    st.text(alphabet=st.characters(codec=None), max_size=40)
    | st.text("aé中\x00\ud800%_'\\\n ", max_size=6)
    | st.sampled_from(
        ["mei", "agent", "administrator", "zh-Hans", "\x00", "\ud800", "a" * 300, "' OR 1=1", "%", "１０"]
    )
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
# What the routes about customers read; a route takes its own of them.
WORDS = {
    name
    for words in (
        "fields expected_version decision other reason direction channel account content result occurred_at outcome",
        "event purpose recipient prompt reply method guardian kind category matter remedy reach priority order_ref",
        "to note root_cause owner_id subject due_at state tag condition segment contact_ids identity_id words by",
        "agreement agreement_until basis country party verdict de_identified why_not valid_until field value code",
        "orders source reference placed_at amount currency lines person role industry size region lawful_basis proof",
    )
    for name in words.split()
}
lists = st.lists(texts | st.sampled_from(["agent", "auditor"]), max_size=3)
# The right members with nearly right values get further in than chaos does.
members = dict.fromkeys((*NAMES, *WORDS), texts | values) | {"roles": lists | values, "active": st.booleans() | values}
SHAPES = {
    ("POST", "/api/session"): ("name", "password"),
    ("POST", "/api/session/link"): ("token", "password"),
    ("POST", "/api/session/password"): ("current", "new"),
    ("PATCH", "/api/session"): ("locale", "display_name"),
    ("POST", "/api/staff"): ("name", "display_name", "roles"),
    ("PATCH", "/api/staff/{id}"): ("display_name", "roles", "active"),
    ("POST", "/api/staff/{id}/link"): (),
}
RUDE = [b"[" * 60_000, b'{"name":' * 7_000, b"1" * 5000, b"", b"\xff", b'{"name": NaN}', b"{" + b" " * 70_000]


def bodies(shape: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    """Mostly what the route expects with odd values, also anything else."""
    shaped = st.fixed_dictionaries({name: members[name] for name in shape})
    chaos = st.dictionaries(st.sampled_from(NAMES) | texts, values) | values
    rude = st.binary(max_size=200) | st.sampled_from(RUDE)
    return st.integers(0, 9).flatmap(
        lambda kind: (
            rude if kind == 0 else (chaos if kind < 3 else shaped).map(lambda value: json.dumps(value).encode())
        )
    )


# DELETE takes no body, and signing out would end the hunt's own session.
BODIED = {(one.method, one.path) for one in ROUTES if one.method in ("POST", "PATCH", "PUT")}
requests = st.sampled_from(sorted(BODIED)).flatmap(
    lambda route: st.tuples(st.just(route), bodies(SHAPES.get(route, tuple(WORDS))))
)


async def _everything(engine) -> dict[str, str]:
    staff = await make_staff(engine, "mei", *ROLES)
    async with engine.begin() as connection:
        _, token = await open_session(connection, DEFAULT_RULES, staff.id, "fuzz")
    return {"Cookie": f"yingda_staff={token}", "X-CSRF-Token": csrf_token(token)}


async def _hunt(attempt: Any, *strategies: Any, examples: int) -> None:
    """Run ``attempt`` on many examples; hypothesis is synchronous, so it sits in a thread and asks the loop."""
    loop = asyncio.get_running_loop()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.tuples(*strategies))
    def hunt(example: tuple[Any, ...]) -> None:
        asyncio.run_coroutine_threadsafe(attempt(*example), loop).result(30)

    await asyncio.to_thread(hunt)


def _check(reply: Any) -> None:
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert reply.code
        assert reply.body["detail"]


async def test_no_body_breaks_a_route(engine):
    assert set(SHAPES) <= BODIED
    async with serving(engine, PATIENT) as console:
        browser = console.browser()
        own = await _everything(engine)

        async def attempt(request: tuple[tuple[str, str], bytes]) -> None:
            (method, path), body = request
            headers = {**own, "Content-Type": "application/json"}
            _check(await browser.call(method, re.sub(r"{\w+}", str(uuid7()), path), data=body, headers=headers))

        await _hunt(attempt, requests, examples=1000)


async def test_no_query_breaks_a_route(engine):
    reading = [route for route in ROUTES if route.method == "GET"]
    async with serving(engine) as console:
        talk = await store_talk(engine, "怎么退货", "七天内可以退货。")
        browser = console.browser()
        own = await _everything(engine)

        async def attempt(route: Any, query: dict[str, str], where: str) -> None:
            # What cannot be UTF-8 goes as the bytes that a hostile client would send.
            pairs = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
            path = route.path.replace("{id}", where)
            _check(await browser.call("GET", path, params=pairs, headers=own))

        ids = st.sampled_from([str(talk.contact), str(talk.conversation), "%00", "%ED%A0%80", "..%2f..", "x" * 500])
        queries = st.dictionaries(st.sampled_from(QUERY_NAMES), texts | st.integers().map(str))
        await _hunt(attempt, st.sampled_from(reading), queries, ids, examples=400)


async def _raw(browser: Browser, head: bytes, body: bytes = b"") -> bytes:
    host, _, port = browser.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head + b"Connection: close\r\n\r\n" + body)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n")[0]


async def test_odd_headers_are_survived(engine):
    await make_staff(engine, "mei", "agent")
    async with serving(engine) as console:
        browser = console.browser()
        body = json.dumps({"name": "mei", "password": "a kettle sings at seven"}).encode()
        head = (
            b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"User-Agent: \xff\xfe\xed\xa0\x80 odd\r\nAccept-Language: \xff;q=\xfe,,zh-TW;q=x,en;q=0.1\r\n"
            b"Cookie: yingda_staff=\xff\xed\xa0\x80\r\nX-Forwarded-For: nonsense, 1.2.3.4\r\n"
            b"Content-Length: " + str(len(body)).encode() + b"\r\n"
        )
        assert await _raw(browser, head, body) == b"HTTP/1.1 200 OK"
        odd = b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: yingda_staff=\xff\xed\xa0\x80\r\n"
        assert b" 401 " in await _raw(browser, odd)
        packed = (
            b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Encoding: deflate\r\nContent-Length: 4\r\n"
        )
        assert b" 400 " in await _raw(browser, packed, b"\x01\x02\x03\x04")


async def test_unknown_addresses_methods_and_types_are_problems(engine):
    async with serving(engine) as console:
        browser = console.browser()
        assert (await browser.call("GET", "/api/nowhere")).code == "not_found"
        refused = await browser.call("PUT", "/api/session", {})
        assert (refused.status, refused.code) == (405, "method_not_allowed")
        assert "POST" in refused.headers["Allow"]
        form = await browser.call("POST", "/api/session", data={"name": "mei", "password": "x"})
        assert (form.status, form.code) == (415, "unsupported_type")
        vast = {"name": "mei", "password": "x" * 70_000}
        assert (await browser.call("POST", "/api/session", vast)).code == "too_large"
        missing = await browser.call("POST", "/api/session", {"name": "mei"}, headers={"Accept-Language": "zh-HK"})
        assert missing.body["fields"] == [{"field": "password", "reason": "missing"}]
        assert missing.body["detail"] == "請檢查這些欄位：password。"


async def test_who_follows_a_link_that_leads_nowhere_reads_a_page(engine):
    by_hand = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "en-GB"}
    async with serving(engine) as console:
        browser = console.browser()
        async with browser.http.get(f"{browser.origin}/a/b/nowhere?<b>", headers=by_hand) as page:
            assert (page.status, page.content_type, page.headers["Content-Language"]) == (404, "text/html", "en")
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            html = await page.text()
        assert "<h1>Not found</h1>" in html
        assert 'href="../../privacy/page.css"' in html
        for path, accept in (("/a/b/nowhere", "*/*"), ("/api/nowhere", by_hand["Accept"])):
            async with browser.http.get(browser.origin + path, headers={"Accept": accept}) as answer:
                assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_a_database_that_is_away_is_a_503_and_a_fault_of_ours_a_500_that_tells_nothing(engine, capsys):
    class Broken:
        async def list(self, q: str | None, locale: str) -> list[Any]:
            raise RuntimeError("the customer said: my number is 13800138000")

        async def get(self, id: str) -> None:
            raise ConnectionResetError("an outside service, not the client")

    async with serving(engine, ARTICLES=Broken()) as console:
        agent = await console.signed_in("mei", "agent")
        for path in ("/api/articles", "/api/articles/x"):
            broken = await agent.call("GET", path)
            assert (broken.status, broken.code) == (500, "internal")
            assert "13800138000" not in json.dumps(broken.body)
        logged = capsys.readouterr()
        assert "RuntimeError" in logged.out + logged.err
        assert "13800138000" not in logged.out + logged.err

        # A pool without room stands in for a database that does not answer.
        held = [await engine.connect() for _ in range(8)]
        away = await agent.call("GET", "/api/session")
        assert (away.status, away.code) == (503, "unavailable")
        assert away.headers["Retry-After"] == "5"
        for connection in held:
            await connection.close()
        assert (await agent.call("GET", "/api/session")).status == 200
