"""Written conversations, played by users of an emulated WeChat: what is looked at is what their phones show."""

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.wechat.compose import plain
from bot.flows.model import Definitions, Response
from bot.flows.rendering import in_language
from bot.outgoing.listing import list_shown
from bot.rehearsal.conversations.script import Case, Expectation, Move, NotUttered, Says, Uttered, Utters
from bot.rehearsal.keys import KEYS
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.records.value import NewOrder
from crm_adapter.sql_store import SqlStore
from tests.integration.wechat_edge.phones import Wechat

WITHIN_S = 40.0
ASKED = {"zh-Hant": "請用繁體中文", "en": "English please"}
"""How somebody asks for a language that is not the official account's."""
SKIPPED = {"zh-Hans": "跳过", "zh-Hant": "跳過", "en": "skip"}
_VALUE = re.compile(r"\{(\w+)\}")
_ANSWERS = ("passive", "custom")


def can_be_played(case: Case, definitions: Definitions) -> bool:
    """Whether a phone can do all of it: time does not pass for a running server, what a state begins with cannot be set
    from outside, a push is either words or a picture without a name, taps are written, and WeChat vouches for who
    writes."""
    labels = labels_of(definitions.responses, case.locale)
    return (
        not case.slots
        and case.about.get("verified") is not False
        and not any(move.after or (move.files and move.text) for move in case.moves)
        and not shows_names(case)
        and all(move.text in labels for move in case.moves if move.text.startswith("/"))
    )


def shows_names(case: Case) -> bool:
    """Whether the name of a file is expected in an answer."""
    names = [Path(name).stem for move in case.moves for name in move.files]
    wanted = [expected for move in case.moves for _, expected in move.expected if isinstance(expected, Uttered)]
    return any(name in (each.text_matches or "") for name in names for each in wanted)


def labels_of(responses: Mapping[str, Response], locale: str) -> dict[str, str]:
    """What stands on the buttons, by what a tap on them says."""
    variants = [variant for response in responses.values() for variant in response.variants]
    buttons = [button for variant in variants for button in variant.buttons]
    return {each.payload: in_language(each.title, locale) for each in buttons} | {"/skip": SKIPPED[locale]}


@dataclass(frozen=True, slots=True)
class Company:
    """Whom customers write to."""

    phones: Wechat
    crm: SqlStore
    engine: AsyncEngine
    responses: Mapping[str, Response]


@dataclass(frozen=True, slots=True)
class Customer:
    """A user of the emulator; ``known`` are the values that answers had for the placeholders of their texts."""

    company: Company
    name: str
    locale: str
    known: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def who_follows(cls, company: Company, name: str, case: Case) -> "Customer":
        """Somebody of whom the store has what the case says, and who has asked for its language."""
        made = await company.phones.emulator.control("POST", "/users", {"user": name, "follow": ["care"]})
        await stock(company.crm, case, made["users"][0]["openids"]["care"])
        customer = cls(company, name, case.locale)
        if case.locale in ASKED:
            assert not await customer.act(Move(case.line, ASKED[case.locale]))
        return customer

    async def act(self, move: Move) -> list[str]:
        """Does what the move says; what of the expected the phone does not show soon."""
        before = (await self._phone("?how=all"))["seq"]
        if move.text:
            await self.company.phones.do(self.name, "text", content=await self._words(move.text))
        for _ in move.files:
            await self.company.phones.do(self.name, "image")
        end = time.monotonic() + WITHIN_S
        while True:
            lines = (await self._phone(f"?how=all&after={before}"))["lines"]
            shown = "\n".join(line["content"].get("content", "") for line in lines if line["how"] in _ANSWERS)
            faults = [f"line {line}: {fault}; shown is {shown!r}" for line, fault in self._faults(move, shown)]
            if not faults or time.monotonic() > end:
                return faults + ["WeChat told of an error" for line in lines if line["how"] == "error"]
            await asyncio.sleep(0.1)

    async def _phone(self, query: str) -> dict[str, object]:
        return dict(await self.company.phones.emulator.control("GET", f"/users/{self.name}/phone{query}"))

    async def _words(self, text: str) -> str:
        if text.startswith("/"):
            return labels_of(self.company.responses, self.locale)[text]
        if "{code}" in text:
            async with self.company.engine.connect() as connection:
                letters = await list_shown(connection, KEYS, limit=5)
            text = text.replace("{code}", next(one.letter.code for one in letters if one.letter.code))
        return _VALUE.sub(lambda match: self.known[match[1]], text)

    def _faults(self, move: Move, shown: str) -> Iterator[tuple[int, str]]:
        if not shown and not any(is_visible(expected) for _, expected in move.expected):
            yield move.line, "nothing was answered"
        place = 0
        for line, expected in move.expected:
            match expected:
                case Utters(name):
                    found = self._end_of(name, shown[place:])
                    if found is None:
                        yield line, f"{name} is not shown behind what came before it"
                    place += found or 0
                case Says(text) if plain(text) not in shown:
                    yield line, f"{text!r} is not shown"
                case Uttered() if not self._fits(expected, shown):
                    yield line, f"{expected} is not shown"
                case NotUttered(what) if self._fits(what, shown):
                    yield line, f"{what} is shown"

    def _end_of(self, name: str, shown: str) -> int | None:
        """Where a response's words end, whatever stands for its placeholders; those are known from then on."""
        for variant in self.company.responses[name].variants:
            if found := _pattern(in_language(variant.text, self.locale)).search(shown):
                self.known.update({name: value for name, value in found.groupdict().items() if value})
                return found.end()
        return None

    def _fits(self, wanted: Uttered, shown: str) -> bool:
        return (
            (wanted.response is None or self._end_of(wanted.response, shown) is not None)
            and (wanted.text_matches is None or re.search(wanted.text_matches, shown, re.MULTILINE) is not None)
            and all(button in shown for button in wanted.buttons if not button.startswith("/"))
        )


async def stock(crm: SqlStore, case: Case, openid: str) -> None:
    """Writes down what the store has of a customer before the conversation begins."""
    profile, orders = case.about.get("profile", {}), case.about.get("orders", ())
    if not (profile or orders):
        return
    now = datetime.now(UTC)
    provenance = Provenance("import", f"import:{uuid4()}", now, "verified")
    made = await crm.upsert_contact(ExternalKey("rehearsal", uuid4().hex), profile, provenance, locale=case.locale)
    await crm.link_identity(made.contact_id, "wechat", "care", openid, "verified", provenance)
    for order in orders:
        written = {"days_ago": 3, **order}
        placed_at = now - timedelta(days=float(written.pop("days_ago")))
        await crm.put_order(NewOrder(made.contact_id, "rehearsal", placed_at=placed_at, **written))


def is_visible(expected: Expectation) -> bool:
    """Whether a phone shows that it is met."""
    return isinstance(expected, Utters | Says | Uttered | NotUttered)


def _pattern(template: str) -> re.Pattern[str]:
    named: set[str] = set()
    pieces = _VALUE.split(plain(template))
    pieces[::2] = map(re.escape, pieces[::2])
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        pieces[place] = r"(?s:.*?)" if name in named else rf"(?P<{name}>(?s:.*?))"
        named.add(name)
    return re.compile("".join(pieces) + ("" if pieces[-1] else r"(?=\n|$)"))
