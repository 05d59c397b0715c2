"""A film comes as JSON that says where it is; what says it badly is told at once, and nobody is asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.channels.wechat.api import WechatFault
from bot.channels.wechat.api.media import download, fetch


class Content:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._raw


class Response:
    content_type, status = "text/plain", 200

    def __init__(self, raw: bytes) -> None:
        self.content = Content(raw)


class Answering:
    """A transport with one answer, which goes to no address."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @asynccontextmanager
    async def open(self, *_: Any) -> AsyncIterator[Response]:
        yield Response(self._raw)


@pytest.mark.parametrize(
    "told",
    [
        "{}",
        '{"video_url": null}',
        '{"video_url": 7}',
        '{"video_url": ""}',
        '{"video_url": "film"}',
        '{"video_url": "http://"}',
        '{"video_url": "http://[x"}',
        '{"video_url": "file:///etc/passwd"}',
    ],
)
async def test_an_answer_without_an_address_is_unreadable_and_not_asked_for_again(told: str) -> None:
    with pytest.raises(WechatFault) as caught:
        await fetch(Answering(told.encode()), download("one"), 1.0, "token", 1000)  # type: ignore[arg-type]
    assert (caught.value.reason, caught.value.decision) == ("unreadable", "give_up")
