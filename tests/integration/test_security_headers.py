"""Security headers by class of page, and whom a proxy may speak for."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot.web import keys
from bot.web.peer import TRUSTED_PROXIES, client_address, is_secure, networks
from bot.web.problems import problems
from bot.web.security import secure


def _app(public_url: str = "http://127.0.0.1") -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        if "/own" in request.path:
            return web.Response(text="x", headers={"Content-Security-Policy": "default-src 'self'"})
        return web.Response(text="x")

    app = web.Application(middlewares=[problems])
    app[keys.PUBLIC_URL] = public_url
    app[keys.FRAME_ANCESTORS] = lambda account: ["'self'", "https://shop.example.com"] if account == "shop" else []
    app[TRUSTED_PROXIES] = networks(["127.0.0.1"])
    secure(app)
    app.router.add_get("/widget/frame/{account}", answer)
    app.router.add_get("/{anything:(api|console|demo|widget|channels)/(here|own)}", answer)
    return app


async def _headers(path: str, public_url: str = "http://127.0.0.1", **headers: str):
    async with TestClient(TestServer(_app(public_url))) as client, client.get(path, headers=headers) as response:
        return response.headers


@pytest.mark.parametrize(
    "path", ["/api/here", "/console/here", "/demo/here", "/widget/frame/shop", "/nowhere", "/api/nowhere"]
)
async def test_every_response_forbids_what_no_page_needs(path):
    headers = await _headers(path)
    policy = headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert policy.startswith("default-src 'none'")
    assert "unsafe-" not in policy
    assert "frame-ancestors" in policy
    assert "base-uri 'none'" in policy


async def test_who_may_frame_what():
    for path in ("/console/here", "/demo/here", "/api/here", "/nowhere"):
        headers = await _headers(path)
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
    shop = await _headers("/widget/frame/shop")
    assert "frame-ancestors 'self' https://shop.example.com" in shop["Content-Security-Policy"]
    assert "X-Frame-Options" not in shop
    assert "frame-ancestors 'none'" in (await _headers("/widget/frame/other"))["Content-Security-Policy"]


async def test_shops_may_load_the_loader_and_uploads_run_nothing():
    assert (await _headers("/widget/here"))["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "sandbox" in (await _headers("/channels/here"))["Content-Security-Policy"]
    assert (await _headers("/api/here"))["Cache-Control"] == "no-store"
    assert "frame-src 'self'" in (await _headers("/demo/here"))["Content-Security-Policy"]


async def test_a_handlers_own_header_stays():
    assert (await _headers("/channels/own"))["Content-Security-Policy"] == "default-src 'self'"


async def test_strict_transport_only_where_it_is_true():
    secured = {"X-Forwarded-Proto": "https"}
    assert "Strict-Transport-Security" in await _headers("/api/here", "https://care.example.com", **secured)
    assert "Strict-Transport-Security" not in await _headers("/api/here", "https://care.example.com")
    assert "Strict-Transport-Security" not in await _headers("/api/here", **secured)


def _request(peer: str, proxies: list[str], **headers: str) -> web.Request:
    app = web.Application()
    app[TRUSTED_PROXIES] = networks(proxies)
    request = make_mocked_request("GET", "/", headers={k.replace("_", "-"): v for k, v in headers.items()}, app=app)
    return request.clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "proxies", "forwarded", "address"),
    [
        ("9.9.9.9", [], "1.1.1.1", "9.9.9.9"),
        ("10.0.0.1", ["10.0.0.0/8"], "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "6.6.6.6, 1.1.1.1, 10.0.0.7", "1.1.1.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "", "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.0/8"], "1.1.1.1, nonsense", "10.0.0.1"),
        ("::1", ["::1"], "2001:db8::7", "2001:db8::7"),
        ("9.9.9.9", ["10.0.0.0/8"], "1.1.1.1", "9.9.9.9"),
    ],
)
async def test_only_a_trusted_proxy_says_for_whom_it_speaks(peer, proxies, forwarded, address):
    request = _request(peer, proxies, X_Forwarded_For=forwarded, X_Forwarded_Proto="https")
    assert client_address(request) == address
    assert is_secure(request) is (peer in ("10.0.0.1", "::1"))
