"""Pushes as WeChat sends them, from one process straight to a webhook: as fast as answers come back."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count

import aiohttp

from benchmarks.load import TIMEOUT
from benchmarks.wechat.house import CARE, ORIGINAL_ID
from benchmarks.wechat_fuzz.sealing import encrypt, envelope, padded, plaintext, signed

_HEADERS = {"Content-Type": "text/xml"}
_DOCUMENT = (
    "<xml><ToUserName><![CDATA[{account}]]></ToUserName>\n<FromUserName><![CDATA[{user}]]></FromUserName>\n"
    "<CreateTime>{now}</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[{text}]]></Content>\n"
    "<MsgId>{number}</MsgId>\n</xml>"
)


class Pushing:
    """So many users, each of whom writes when answered."""

    def __init__(self, url: str, users: int, questions: Sequence[str]) -> None:
        self._url = f"{url}/channels/{CARE.name}/webhook"
        self._users = users
        self._questions = questions
        self._numbers = count(24_000_000_000_000_001)

    @staticmethod
    def session() -> aiohttp.ClientSession:
        """As many connections as users write at a time."""
        return aiohttp.ClientSession(timeout=TIMEOUT, connector=aiohttp.TCPConnector(limit=0))

    async def write(self, session: aiohttp.ClientSession, messages: int) -> float:
        """So many messages in all; how many per second. Every one is answered passively."""
        left, began = iter(range(messages)), time.perf_counter()

        async def user(number: int) -> None:
            for _ in left:
                await self._push(session, number)

        await asyncio.gather(*(user(number) for number in range(self._users)))
        return messages / (time.perf_counter() - began)

    async def _push(self, session: aiohttp.ClientSession, user: int) -> None:
        number, now = next(self._numbers), int(time.time())
        text = self._questions[number % len(self._questions)]
        document = _DOCUMENT.format(account=ORIGINAL_ID, user=f"o-user{user:022}", now=now, text=text, number=number)
        encrypted = encrypt(padded(plaintext(document.encode(), CARE, number.to_bytes(16, "big"))), CARE.aes_key)
        query = {name: value.decode() for name, value in signed(CARE, b"%d" % now, b"%d" % number, encrypted).items()}
        body = envelope(encrypted, "xml")
        async with session.post(self._url, params=query, data=body, headers=_HEADERS) as response:
            answer = await response.read()
        assert response.status == 200, (response.status, answer)
        assert b"<Encrypt>" in answer, answer
