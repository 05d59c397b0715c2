"""Many users who write, and the account of it: every message in the store once and in order, every answer once on the
phone, in the answer to the push that the store names, unless it says why not."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from bot.channels.wechat.compose import Terms, words_of
from bot.channels.wechat.fold import fold
from bot.channels.wechat.outgoing import in_words
from bot.domain.message import Body
from bot.rehearsal.audit import audit
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.database import Addresses
from bot.storage.pool import make_pool
from bot.turns.thread import Thread
from tests.integration.wechat_edge.phones import Wechat
from tests.servers import LiveServer

QUESTIONS = (
    "退个电饭煲要怎么操作呀",
    "退货最晚是哪天啊",
    "退的话来回快递谁掏钱",
    "退款啥时候能到我微信",
    "换新机要走什么手续",
    "没外箱了能退不",
    "想买个空气炸锅，怎么下单啊",
    "我前天买的单子去哪儿看",
    "手滑买重了 帮我取消一个",
    "收货地址写成老家了，急！",
    "降价了补差价不",
    "杭州下单大概几天到呀",
)
"""Each is answered with another article: one answer in another's place is seen."""
_SENT = """
SELECT m.id, o.state, o.route, o.reply_to FROM bot.outbox o JOIN bot.messages m ON m.id = o.message_id
"""
_GAP = "\n\n"
SETTLED = "SELECT 1 WHERE NOT EXISTS (SELECT FROM bot.outbox WHERE state IN ('queued', 'begun'))"
INTERRUPTED = """
UPDATE bot.outbox SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL AND state = 'begun' RETURNING 1
"""
"""Ends the leases of whoever was killed, which last for a minute; for when nobody sends any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of ours: its place among its customer's, what it says, and what the store says of its way."""

    place: int
    body: Body
    state: str
    route: str | None
    reply_to: UUID | None


class Crowd:
    """``count`` users; each writes its lines, numbered, one after another, whatever becomes of those before."""

    def __init__(self, phones: Wechat, addresses: Addresses, count: int) -> None:
        self._phones = phones
        self._addresses = addresses
        self._openids: dict[str, str] = {}
        self.said: dict[str, list[str]] = defaultdict(list)
        self.deliveries: list[int] = []
        self._count = count

    async def gather(self) -> None:
        """They follow."""
        body = {"count": self._count, "prefix": "u", "follow": ["care"]}
        made = await self._phones.emulator.control("POST", "/users", body)
        self._openids = {one["user"]: one["openids"]["care"] for one in made["users"]}

    async def write(self, each_s: float, seconds: float) -> None:
        """All of them write every ``each_s`` seconds, for so long."""
        async with asyncio.TaskGroup() as users:
            for place, user in enumerate(self._openids):
                users.create_task(self._write(user, each_s, each_s * place / self._count, seconds))

    async def burst(self) -> None:
        """All of them write at once; their pushes are under way when this returns."""
        await asyncio.gather(*(self.ask(user) for user in self.said))

    async def _write(self, user: str, each_s: float, after_s: float, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.sleep(after_s)
        while time.monotonic() < end:
            await self.ask(user)
            await asyncio.sleep(each_s)

    async def ask(self, user: str) -> None:
        """The user's next question, numbered; its push is under way when this returns."""
        place = len(self.said[user])
        words = f"{QUESTIONS[place % len(QUESTIONS)]}（{place + 1}）"
        self.said[user].append(words)
        done = await self._phones.emulator.control("POST", f"/users/{user}/text", {"content": words})
        self.deliveries += done["deliveries"]

    async def settled(self, within_s: float = 30) -> None:
        """Returns once no push is under way, all were taken, and all answers went out or did not."""
        idle = await self._phones.emulator.control("GET", f"/idle?wait={within_s}")
        assert idle["idle"]
        total = sum(map(len, self.said.values()))
        await self._phones.until(
            f"SELECT 1 FROM bot.messages WHERE direction = 'in' HAVING count(*) >= {total}", within_s
        )
        self._phones.rows(INTERRUPTED)
        await self._phones.until(SETTLED, within_s)

    async def account(self, *, in_order: bool = True) -> list[str]:
        """What is wrong, user by user; empty when nothing is."""
        sent = {number: rest for number, *rest in self._phones.rows(_SENT)}
        asked = await self._asked()
        faults: list[str] = []
        async with make_pool(self._addresses.application_url, Settings()) as pool:
            faults += await audit(pool, "care")
            for user, openid in self._openids.items():
                lines = await Thread(pool, KEYS, "care", openid).after(0, limit=100_000)
                heard = [str(line.body.get("text")) for line in lines if line.direction == "in"]
                if (heard if in_order else sorted(heard)) != (self.said[user] if in_order else sorted(self.said[user])):
                    faults.append(f"{user} said {self.said[user]}, the store has {heard}")
                answers = [
                    Answer(place, line.body, *sent[line.id])
                    for place, line in enumerate(line for line in lines if line.direction == "out")
                ]
                found = await self._phones.emulator.control("GET", f"/users/{user}/phone?how=passive,custom")
                shown = [
                    (asked.get(line["push"]), line["content"].get("content") or line["content"].get("head", ""))
                    for line in found["lines"]
                ]
                faults += [f"{user}: {fault}" for fault in compare(answers, shown, in_order=in_order)]
        return faults

    async def _asked(self) -> dict[int, UUID]:
        """Which message of the store each push of the emulator's is."""
        found = await self._phones.emulator.control("GET", "/deliveries?limit=5000")
        stored = {
            bytes(blind): number for blind, number in self._phones.rows("SELECT blind, message_id FROM bot.inbox")
        }
        blinds = {
            push["id"]: KEYS.blind("message", "care", str(push["fields"]["MsgId"]))
            for push in found["deliveries"]
            if "MsgId" in push["fields"]
        }
        return {push: stored[blind] for push, blind in blinds.items() if blind in stored}


def said_by(answers: Sequence[Answer]) -> str:
    """What these lines say on a phone together, choices included."""
    folded = fold([answer.body for answer in answers], Terms("zh-Hans"))
    return _GAP.join(in_words(message).text for message in folded)


def compare(answers: Sequence[Answer], shown: Sequence[tuple[UUID | None, str]], *, in_order: bool) -> list[str]:
    """What one phone shows against what the store has sent there, both in their order: each answer to a push says
    exactly the lines that the store names with that message, each other line the next of those that went by themselves.

    ``shown`` names the message that is answered, ``None`` for what answers no push. A line whose fate the store calls
    unknown may be there or not. With ``in_order`` no line is before an earlier one.
    """
    faults: list[str] = []
    if 2 * len({said_by([answer]) for answer in answers}) < len(answers):
        faults.append("the answers read alike, and tell nothing")
    replies: dict[UUID, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.state == "sent" and answer.reply_to is not None:
            replies[answer.reply_to].append(answer)
    others = [one for one in answers if one.reply_to is None and said_by([one]) and one.state in ("sent", "unknown")]
    places: list[int] = []
    for message, words in shown:
        said = _taken(others, words) if message is None else replies.pop(message, [])
        places += [one.place for one in said]
        if (message is not None and said_by(said) != words) or not said:
            faults.append(f"shows in answer to {message} what the store has not sent so: {words[:40]}")
    lost = [*replies.values(), *([one] for one in others if one.state == "sent")]
    faults += [f"does not show: {said_by(said)[:40]}" for said in lost if said_by(said)]
    if in_order and places != sorted(places):
        faults.append(f"shows the answers in the order {places}")
    return faults


def _taken(others: list[Answer], words: str) -> list[Answer]:
    """The next of ``others`` that ``words`` says, one (also as a menu's head) or several; they, and what is unknown
    before them, are removed."""
    for start, first in enumerate(others):
        for end in range(start + 1, len(others) + 1):
            said = others[start:end]
            menu = words_of(first.body, Terms("zh-Hans")) if said == [first] else None
            if words in (said_by(said), menu):
                del others[:end]
                return said
        if first.state != "unknown":
            break
    return []


class Balancer:
    """One address before several servers: each connection goes to the next one that takes it."""

    def __init__(self) -> None:
        self.url = ""
        self.servers: list[LiveServer] = []
        self._next = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until one side closes it."""
        with suppress(ConnectionError):
            if (found := await self._connect()) is not None:
                there, back = found
                both = [asyncio.ensure_future(_pump(reader, back)), asyncio.ensure_future(_pump(there, writer))]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for way in both:
                    way.cancel()
                await asyncio.gather(*both, return_exceptions=True)
                back.close()
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in self.servers:
            self._next += 1
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.servers[self._next % len(self.servers)].port)
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()


@asynccontextmanager
async def balanced(phones: Wechat, *servers: LiveServer) -> AsyncIterator[Balancer]:
    """The emulator pushes to all of ``servers`` by turns."""
    balancer = Balancer()
    balancer.servers = list(servers)
    listening = await asyncio.start_server(balancer.carry, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/channels/care/webhook"
    await phones.emulator.control("PATCH", "/accounts/care", {"push_url": url})
    try:
        yield balancer
    finally:
        listening.close()
