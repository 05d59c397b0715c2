"""Signing in and out through the staff API."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from bot.staff.attempts import begin_attempt
from bot.staff.errors import LockedOut
from bot.staff.links import issue_link
from bot.staff.passwords import Passwords
from bot.staff.rules import DEFAULT_RULES, StaffRules
from tests.integration.console_client import PASSWORD, QUICK, Browser, Console, serving


@pytest_asyncio.fixture
async def console(engine):
    async with serving(engine) as served:
        yield served


async def _link(console: Console, staff_id) -> str:
    async with console.engine.begin() as connection:
        return await issue_link(connection, DEFAULT_RULES, staff_id)


async def _sql(console: Console, statement: str) -> None:
    async with console.engine.begin() as connection:
        await connection.execute(text(statement))


async def test_a_person_signs_in_and_sees_who_they_are(console):
    await console.staff("mei", "agent")
    browser = console.browser()
    assert (await browser.call("GET", "/api/session")).code == "not_signed_in"

    reply = await browser.sign_in("MEI")

    assert reply.status == 200
    assert reply.body["staff"]["name"] == "mei"
    assert reply.body["staff"]["roles"] == ["agent"]
    assert "interactions.read" in reply.body["staff"]["permissions"]
    assert reply.body["staff"]["locale"] == "zh-Hans"
    again = await browser.call("GET", "/api/session")
    assert again.body == reply.body
    assert again.headers["Cache-Control"] == "no-store"


async def test_the_cookie_is_out_of_reach(console):
    await console.staff("mei", "agent")
    browser = console.browser()
    cookie = (await browser.sign_in("mei")).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Secure" not in cookie  # plain HTTP on loopback

    elsewhere = console.browser()
    foreign = await elsewhere.call(
        "POST",
        "/api/session",
        {"name": "mei", "password": PASSWORD},
        headers={"Host": "care.example.com", "Origin": "http://care.example.com"},
    )
    assert foreign.status == 200
    assert "Secure" in foreign.headers["Set-Cookie"]


async def test_the_store_holds_no_token(console):
    browser = await console.signed_in("mei", "agent")
    async with console.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT s::text FROM bot.staff_sessions s"))).scalars().all()
        hashes = (await connection.execute(text("SELECT password_hash FROM bot.staff"))).scalars().all()
    assert rows
    assert not any(browser.token in row for row in rows)
    assert all(one.startswith("$argon2id$") for one in hashes)


async def test_wrong_password_unknown_name_and_pending_account_look_alike(console):
    await console.staff("mei", "agent")
    administrator = await console.signed_in("root", "administrator")
    added = await administrator.call("POST", "/api/staff", {"name": "new", "display_name": "New", "roles": ["agent"]})
    assert added.body["pending"] is True
    replies = [await console.browser().sign_in(name, "not the password") for name in ("mei", "nobody", "new")]
    assert [reply.code for reply in replies] == ["sign_in_failed"] * 3
    assert len({str(reply.body) for reply in replies}) == 1


async def test_five_failures_lock_a_name_out_even_when_sent_at_once(console):
    await console.staff("mei", "agent")
    browser = console.browser()

    replies = await asyncio.gather(*(browser.sign_in("mei", f"wrong guess {n}") for n in range(12)))

    assert sorted(reply.status for reply in replies) == [401] * 5 + [429] * 7
    locked = await browser.sign_in("mei")
    assert locked.code == "locked_out"
    assert 1 <= int(locked.headers["Retry-After"]) <= 15 * 60
    assert (await browser.sign_in("nobody at all")).code == "sign_in_failed"
    for _ in range(4):
        await browser.sign_in("nobody at all")
    assert (await browser.sign_in("nobody at all")).code == "locked_out"

    await _sql(console, "UPDATE bot.sign_in_failures SET at = at - interval '15 minutes'")
    assert (await browser.sign_in("mei")).status == 200


async def test_a_right_password_resets_the_count(console):
    await console.staff("mei", "agent")
    browser = console.browser()
    for _ in range(3):
        for _ in range(4):
            assert (await browser.sign_in("mei", "wrong")).status == 401
        assert (await browser.sign_in("mei")).status == 200


async def test_twenty_failures_lock_an_address_out(console):
    await console.staff("mei", "agent")
    browser = console.browser()
    for n in range(20):
        assert (await browser.sign_in(f"guess{n}", "wrong")).status == 401
    assert (await browser.sign_in("mei")).code == "locked_out"


async def test_many_right_sign_ins_at_once_do_not_lock_each_other_out(console):
    await console.staff("mei", "agent")
    replies = await asyncio.gather(*(console.browser().sign_in("mei") for _ in range(30)))
    assert {reply.status for reply in replies} == {200}


async def test_a_link_sets_the_password_once(console):
    administrator = await console.signed_in("root", "administrator")
    added = await administrator.call("POST", "/api/staff", {"name": "mei", "display_name": "Mei", "roles": ["agent"]})
    assert added.status == 201
    url = added.body["link"]
    assert url.startswith("https://care.example.com/console/#/welcome?token=")
    token = url.partition("token=")[2]

    browser = console.browser()
    for weak in ("short", "mei-mei-mei", "Password2026!"):
        refused = await browser.call("POST", "/api/session/link", {"token": token, "password": weak})
        assert (refused.status, refused.code) == (422, "weak_password")
    bodies = [{"token": token, "password": f"{PASSWORD} {n}"} for n in range(8)]
    replies = await asyncio.gather(*(console.browser().call("POST", "/api/session/link", body) for body in bodies))
    assert sorted(reply.status for reply in replies) == [200] + [401] * 7
    assert {reply.code for reply in replies if reply.status == 401} == {"link_invalid"}
    won = next(n for n, reply in enumerate(replies) if reply.status == 200)
    assert (await browser.sign_in("mei", f"{PASSWORD} {won}")).status == 200


async def test_a_newer_link_an_expired_one_and_a_switched_off_account(console):
    mei = await console.staff("mei", "agent")
    old, new = await _link(console, mei.id), await _link(console, mei.id)
    browser = console.browser()

    async def use(token: str) -> str:
        body = {"token": token, "password": "another fine secret"}
        reply = await browser.call("POST", "/api/session/link", body)
        return "let in" if reply.status == 200 else reply.code

    assert await use(old) == "link_invalid"
    await _sql(console, "UPDATE bot.staff_links SET expires_at = now() - interval '1 second'")
    assert await use(new) == "link_invalid"
    fresh = await _link(console, mei.id)
    await _sql(console, "UPDATE bot.staff SET active = false")
    assert await use(fresh) == "link_invalid"
    await _sql(console, "UPDATE bot.staff SET active = true")
    assert await use(fresh) == "let in"


async def test_a_reset_link_ends_what_the_old_password_opened(console):
    browser = await console.signed_in("mei", "agent")
    mei = (await browser.call("GET", "/api/session")).body["staff"]
    token = await _link(console, mei["id"])
    other = console.browser()
    body = {"token": token, "password": "another fine secret"}
    assert (await other.call("POST", "/api/session/link", body)).status == 200
    assert (await browser.call("GET", "/api/session")).code == "not_signed_in"


@pytest.mark.parametrize(
    "age",
    [
        "last_seen_at = now() - interval '12 hours 1 second'",
        "expires_at = now() - interval '1 second'",
        "revoked_at = now()",
    ],
)
async def test_a_session_ends_by_idling_by_age_and_by_revocation(console, age):
    browser = await console.signed_in("mei", "agent")
    await _sql(console, f"UPDATE bot.staff_sessions SET {age}")
    assert (await browser.call("GET", "/api/session")).code == "not_signed_in"


async def test_use_keeps_a_session_alive(console):
    browser = await console.signed_in("mei", "agent")
    for _ in range(3):
        await _sql(console, "UPDATE bot.staff_sessions SET last_seen_at = now() - interval '11 hours'")
        assert (await browser.call("GET", "/api/session")).status == 200
    async with console.engine.connect() as connection:
        query = text("SELECT max(now() - last_seen_at) FROM bot.staff_sessions WHERE revoked_at IS NULL")
        assert (await connection.execute(query)).scalar_one() < timedelta(hours=12)


async def test_signing_out_ends_the_session_everywhere(console):
    browser = await console.signed_in("mei", "agent")
    stolen = Browser(console.origin)
    stolen.http.cookie_jar.update_cookies({"yingda_staff": browser.token})
    console.browsers.append(stolen)
    assert (await stolen.call("GET", "/api/session")).status == 200
    assert (await browser.call("DELETE", "/api/session")).status == 204
    assert (await stolen.call("GET", "/api/session")).code == "not_signed_in"


async def test_one_sees_and_ends_ones_own_sessions_only(console):
    first = await console.signed_in("mei", "agent")
    second = console.browser()
    await second.sign_in("mei")
    stranger = await console.signed_in("lin", "agent")
    items = (await first.call("GET", "/api/session/all")).body["items"]
    assert len(items) == 3  # the link's, and one per browser
    assert [one["current"] for one in items] == [False, True, False]
    newest = items[0]["id"]
    assert (await stranger.call("DELETE", f"/api/session/all/{newest}")).code == "unknown_session"
    assert (await second.call("GET", "/api/session")).status == 200
    assert (await first.call("DELETE", f"/api/session/all/{newest}")).status == 204
    assert (await second.call("GET", "/api/session")).code == "not_signed_in"
    assert (await first.call("DELETE", "/api/session/all/none")).code == "unknown_session"


async def test_changing_the_password_ends_the_other_sessions(console):
    first = await console.signed_in("mei", "agent")
    second = console.browser()
    await second.sign_in("mei")
    wrong = {"current": "not it", "new": "another fine secret"}
    assert (await first.call("POST", "/api/session/password", wrong)).code == "wrong_password"
    weak = {"current": PASSWORD, "new": "1234567890"}
    assert (await first.call("POST", "/api/session/password", weak)).code == "weak_password"
    right = {"current": PASSWORD, "new": "another fine secret"}
    assert (await first.call("POST", "/api/session/password", right)).status == 204
    assert (await first.call("GET", "/api/session")).status == 200
    assert (await second.call("GET", "/api/session")).code == "not_signed_in"
    assert (await second.sign_in("mei")).code == "sign_in_failed"
    assert (await second.sign_in("mei", "another fine secret")).status == 200


async def test_guessing_the_current_password_locks_out_too(console):
    browser = await console.signed_in("mei", "agent")
    wrong = {"current": "not it", "new": "another fine secret"}
    codes = [(await browser.call("POST", "/api/session/password", wrong)).code for _ in range(6)]
    assert codes == ["wrong_password"] * 5 + ["locked_out"]


async def test_language_and_name_are_ones_own(console):
    browser = await console.signed_in("mei", "agent")
    changed = await browser.call("PATCH", "/api/session", {"locale": "en", "display_name": " 小美 "})
    assert (changed.body["staff"]["locale"], changed.body["staff"]["display_name"]) == ("en", "小美")
    refused = await browser.call("GET", "/api/staff", headers={"Accept-Language": "zh-CN"})
    assert refused.body["title"] == "Not allowed"
    assert refused.headers["Content-Language"] == "en"
    wrong = await browser.call("PATCH", "/api/session", {"locale": "fr", "colour": "red"})
    assert wrong.code == "invalid"
    assert {one["field"]: one["reason"] for one in wrong.body["fields"]} == {
        "locale": "not_allowed",
        "colour": "unknown",
    }


async def test_an_old_hash_is_renewed_at_sign_in(console):
    await console.staff("mei", "agent")

    async def stored() -> str:
        async with console.engine.connect() as connection:
            return (await connection.execute(text("SELECT password_hash FROM bot.staff"))).scalar_one()

    before = await stored()
    assert (await console.browser().sign_in("mei")).status == 200
    assert await stored() == before
    async with serving(console.engine, PASSWORDS=Passwords(**{**QUICK, "time_cost": 2})) as stronger:
        assert (await stronger.browser().sign_in("mei")).status == 200
    assert "t=2" in await stored()
    assert (await console.browser().sign_in("mei")).status == 200


async def test_the_numbers_are_settings(engine):
    rules = StaffRules(failures_per_name=2, failure_window=timedelta(minutes=1))
    async with serving(engine, rules) as console:
        browser = console.browser()
        codes = [(await browser.sign_in("mei", "wrong")).code for _ in range(3)]
        assert codes == ["sign_in_failed", "sign_in_failed", "locked_out"]


async def test_an_ipv6_neighbourhood_counts_as_one_address(engine):
    rules = StaffRules(failures_per_address=3)
    for n in range(3):
        await begin_attempt(engine, rules, f"name{n}", f"2001:db8:0:1::{n}")
    with pytest.raises(LockedOut):
        await begin_attempt(engine, rules, "another", "2001:db8:0:1:ffff::9")
    await begin_attempt(engine, rules, "another", "2001:db8:0:2::1")
    for address in ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"):
        await begin_attempt(engine, rules, "another", address)
    with pytest.raises(LockedOut):
        await begin_attempt(engine, rules, "another", "192.0.2.1")
