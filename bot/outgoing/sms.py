"""Text messages by an HTTP provider that the settings describe as a template."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from bot.outgoing.result import Begin, Letter, Result
from bot.settings import Sms
from bot.settings.outgoing import PLACEHOLDER

_ANSWER_BYTES = 64 * 1024
_ID_LENGTH = 100
_NOT_TAKEN = (429, 503)


class TemplateFault(ValueError):
    """What is to be filled in does not fit into a header."""


async def send_sms(settings: Sms, letter: Letter, begin: Begin) -> Result:
    """Calls the provider once, without following redirects; it ends within ``timeout_s``."""
    try:
        request = fill(settings, letter)
    except TemplateFault:
        return Result("failed", "bad_template")
    timeout = aiohttp.ClientTimeout(total=settings.timeout_s, sock_connect=settings.timeout_s / 2)
    await begin()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(settings.method, allow_redirects=False, **request) as response,
        ):
            answer = await response.content.read(_ANSWER_BYTES)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Result("again", "not_reached")
    except (TimeoutError, aiohttp.ClientError, OSError):
        return Result("unknown", "no_answer")
    return judge(settings, response.status, answer)


def fill(settings: Sms, letter: Letter) -> dict[str, Any]:
    """The arguments of the request. Values are encoded for their place, and never read as templates themselves."""
    values = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
    values |= {"to": letter.recipient, "text": letter.written.text, "code": letter.code}
    url = PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), settings.url or "")
    headers = {name: _put(value.get_secret_value(), values) for name, value in settings.headers.items()}
    if any(not value.isprintable() for value in headers.values()):
        raise TemplateFault
    filled: dict[str, Any] = {"url": URL(url, encoded=True), "headers": headers}
    if settings.body:
        body = _fill(settings.body, values)
        if settings.format == "json":
            filled["json"] = body
        else:
            filled["data"] = {name: _plain(value) for name, value in body.items()}
    return filled


def judge(settings: Sms, status: int, answer: bytes) -> Result:
    """What the provider's answer means by the settings."""
    if status in _NOT_TAKEN:
        return Result("again", f"status_{status}")
    if status not in settings.success_status:
        return Result("unknown" if status >= 500 else "failed", f"status_{status}")
    try:
        content = json.loads(answer) if settings.success_path or settings.id_path else None
    except (ValueError, RecursionError):
        content = None
    if settings.success_path and _plain(_at(content, settings.success_path)) not in settings.success_values:
        return Result("failed", "provider_refused")
    named = _at(content, settings.id_path) if settings.id_path else None
    return Result("sent", provider_id=None if named is None else _plain(named)[:_ID_LENGTH])


def _fill(template: Any, values: Mapping[str, str]) -> Any:
    if isinstance(template, str):
        return _put(template, values)
    if isinstance(template, dict):
        return {name: _fill(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, values) for value in template]
    return template


def _put(template: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _at(content: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdecimal() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
