"""Every route with every role, and with nobody: what is allowed is what the table says, and nothing else."""

import re

import pytest
from aiohttp import web
from uuid_utils.compat import uuid7

from bot.app import make_app
from bot.staff.roles import ROLES, Permission, permissions_of
from bot.staff.rules import DEFAULT_RULES
from bot.staff.sessions import open_session
from bot.staff.tokens import csrf_token
from bot.web.console.mount import ROUTES
from bot.web.routes import PUBLIC, Route, UnnamedRoute, access_table, check_routes, permission_of, register
from tests.integration.console_client import console_app, make_staff, serving

ALL_ROLES = {
    "administrator",
    "agent",
    "service_manager",
    "account_manager",
    "crm_specialist",
    "crm_manager",
    "marketing",
    "marketing_approver",
    "knowledge_editor",
    "privacy_officer",
    "auditor",
}
ASKING = {"marketing", "crm_manager", "crm_specialist"}
CARE = {"agent", "service_manager", "account_manager", "crm_manager", "privacy_officer"}
DESK = {"agent", "service_manager", "account_manager"}
# Said once more, apart from the program's own table: who changes that one has to mean it.
WHO_MAY = {
    Permission.SESSION_OWN: ALL_ROLES,
    Permission.INTERACTIONS_READ: CARE | {"crm_specialist", "auditor"},
    Permission.CONTACTS_READ: CARE | {"crm_specialist"},
    Permission.CONTACTS_WRITE: CARE | {"crm_specialist"},
    Permission.CONTACTS_MERGE: {"crm_specialist", "crm_manager", "privacy_officer"},
    Permission.SEGMENTS_READ: ASKING | {"marketing_approver"},
    Permission.SEGMENTS_WRITE: ASKING,
    Permission.CONTACTS_IMPORT: {"crm_specialist", "crm_manager"},
    Permission.CONVERSATIONS_READ: CARE,
    Permission.ARTICLES_READ: ALL_ROLES,
    Permission.STAFF_MANAGE: {"administrator"},
    Permission.SYSTEM_READ: {"administrator", "auditor"},
    Permission.SENSITIVE_READ: {"agent", "service_manager", "privacy_officer"},
    Permission.ACCESS_LOG_READ: {"privacy_officer", "auditor"},
    Permission.SHARING_READ: {"privacy_officer", "auditor"},
    Permission.SHARING_MANAGE: {"privacy_officer"},
    Permission.USES_READ: ASKING | {"marketing_approver", "privacy_officer", "auditor"},
    Permission.USES_ASK: ASKING,
    Permission.USES_DECIDE: {"marketing_approver", "privacy_officer"},
    Permission.REVIEWS_READ: {"administrator", "privacy_officer", "auditor"},
    Permission.REVIEWS_DECIDE: {"administrator", "privacy_officer"},
    Permission.CASES_READ: CARE,
    Permission.CONSENT_READ: CARE | {"crm_specialist", "auditor"},
    Permission.CONSENT_WRITE: {"agent", "crm_specialist", "crm_manager", "privacy_officer"},
    Permission.LEDGER_READ: CARE | {"crm_specialist", "auditor"},
    Permission.PRIVACY_OPEN: (CARE | {"crm_specialist"}) - {"account_manager"},
    Permission.PRIVACY_HANDLE: {"privacy_officer"},
    Permission.CASES_WRITE: CARE - {"privacy_officer"},
    Permission.QUEUE_WATCH: DESK,
    Permission.QUEUE_READ: DESK,
    Permission.QUEUE_SERVE: DESK,
}
PUBLIC_API = {("POST", "/api/session"), ("POST", "/api/session/link")}


def _filled(path: str) -> str:
    """The path with an id of nobody's in every place."""
    return re.sub(r"\{\w+\}", lambda _: str(uuid7()), path)


def _guarded_routes(app: web.Application) -> list[tuple[str, str, Permission]]:
    return [
        (route.method, route.resource.canonical, access)
        for route, access in access_table(app).items()
        if access is not PUBLIC
    ]


def test_the_roles_are_those_of_the_plan():
    assert set(ROLES) == ALL_ROLES
    for permission, roles in WHO_MAY.items():
        assert {role for role in ROLES if permission in permissions_of([role])} == roles
    assert set(WHO_MAY) == set(Permission)


def test_every_route_of_the_whole_program_names_its_permission(settings, addresses):
    app = make_app(settings, addresses)
    unnamed = [str(route) for route in app.router.routes() if permission_of(app, route) is None]
    assert unnamed == []
    named = access_table(app)
    public_api = {
        (route.method, route.resource.canonical)
        for route, access in named.items()
        if access is PUBLIC and route.resource.canonical.startswith("/api/")
    }
    assert public_api == PUBLIC_API
    assert {route.path for route in ROUTES} <= {route.resource.canonical for route in named}


async def test_an_app_with_an_unnamed_route_does_not_start(engine):
    async def secret(request):
        return web.Response(text="secret")

    app = console_app(engine)
    await check_routes(app)
    register(app, [Route("GET", "/fine", secret, PUBLIC)])
    await check_routes(app)
    app.router.add_get("/forgotten", secret)
    with pytest.raises(UnnamedRoute, match="/forgotten"):
        await check_routes(app)


async def test_a_route_that_slipped_through_is_closed(engine):
    async def secret(request):
        return web.Response(text="secret")

    app = console_app(engine)
    app.router.add_get("/forgotten", secret)
    app.on_startup.remove(check_routes)
    async with serving(engine, app=app) as console:
        reply = await console.browser().call("GET", "/forgotten")
    assert (reply.status, reply.code) == (403, "forbidden")


@pytest.mark.parametrize("role", sorted(ALL_ROLES))
async def test_a_role_gets_what_it_may_and_nothing_else(engine, role):
    staff = await make_staff(engine, "mei", role)
    async with serving(engine) as console:
        browser = console.browser()
        routes = _guarded_routes(console.app)
        assert len(routes) > 20
        for method, path, permission in routes:
            # A session of its own for each: one of the routes signs out.
            async with engine.begin() as connection:
                _, token = await open_session(connection, DEFAULT_RULES, staff.id, "walk")
            headers = {"Cookie": f"yingda_staff={token}", "X-CSRF-Token": csrf_token(token)}
            reply = await browser.call(method, _filled(path), headers=headers)
            if role in WHO_MAY[permission]:
                assert reply.status not in (401, 403), (method, path)
                assert reply.status < 500, (method, path)
            else:
                assert reply.status == 403, (method, path)
                assert method == "HEAD" or reply.code == "forbidden", (method, path)


async def test_nobody_gets_nothing(engine):
    async with serving(engine) as console:
        browser = console.browser()
        for cookie in ("", "yingda_staff=", "yingda_staff=guess", "yingda_staff=%ff%00"):
            for method, path, _ in _guarded_routes(console.app):
                reply = await browser.call(method, _filled(path), headers={"Cookie": cookie})
                assert reply.status == 401, (method, path)
                assert method == "HEAD" or reply.code == "not_signed_in", (method, path)


async def test_changes_need_the_sessions_own_csrf_token(engine):
    staff = await make_staff(engine, "mei", *ROLES)
    async with engine.begin() as connection:
        _, token = await open_session(connection, DEFAULT_RULES, staff.id, "walk")
        _, other = await open_session(connection, DEFAULT_RULES, staff.id, "walk")
    async with serving(engine) as console:
        browser = console.browser()
        changing = [one for one in _guarded_routes(console.app) if one[0] not in ("GET", "HEAD")]
        assert len(changing) >= 7
        for method, path, _ in changing:
            for given in (None, "", "é", csrf_token(other), token):
                headers = {"Cookie": f"yingda_staff={token}", "X-CSRF-Token": given}
                reply = await browser.call(method, _filled(path), headers=headers)
                assert (reply.status, reply.code) == (403, "csrf_failed"), (method, path, given)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Origin": None, "Sec-Fetch-Site": "cross-site"},
        {"Origin": None, "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing(engine, headers):
    staff = await make_staff(engine, "mei", *ROLES)
    async with engine.begin() as connection:
        _, token = await open_session(connection, DEFAULT_RULES, staff.id, "walk")
    async with serving(engine) as console:
        browser = console.browser()
        own = {"Cookie": f"yingda_staff={token}", "X-CSRF-Token": csrf_token(token)}
        for route in ROUTES:
            if route.method == "GET":
                continue
            path = _filled(route.path)
            reply = await browser.call(route.method, path, headers={**own, **headers})
            assert (reply.status, reply.code) == (403, "origin_refused"), (route.method, path)


async def test_our_own_page_behind_a_proxy_and_a_program_without_origin_may(engine):
    staff = await make_staff(engine, "mei", "agent")
    async with serving(engine) as console:
        browser = console.browser()
        for headers in (
            {"Origin": "https://care.example.com", "Sec-Fetch-Site": "same-origin"},
            {"Origin": None},
        ):
            async with engine.begin() as connection:
                _, token = await open_session(connection, DEFAULT_RULES, staff.id, "walk")
            own = {"Cookie": f"yingda_staff={token}", "X-CSRF-Token": csrf_token(token)}
            reply = await browser.call("DELETE", "/api/session", headers={**own, **headers})
            assert reply.status == 204
