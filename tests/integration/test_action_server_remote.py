"""Actions that another server carries out, from the turn through the job to the answer; and all that goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.rehearsal.keys import KEYS
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from crm_adapter.sharing.third_parties import Agreement, add_third_party
from tests.integration.dialogs import rows
from tests.integration.flows.case_talk import Customer
from tests.integration.rasa_server import RemoteHouse, rasa_sdk
from tests.servers import free_port

FLOW = """
flows:
  ask_outside:
    name: 问外面
    translation: {zh-Hant: 問外面, en: Ask outside}
    description: Asks another server.
    steps:
      - collect: outside_word
      - action: action_ask_outside
      - action: utter_outside_done
slots:
  outside_word: {type: text}
  outside_number: {type: float}
responses:
  utter_ask_outside_word:
    - text: 什么词？
      translation: {zh-Hant: 什麼詞？, en: Which word?}
  utter_outside_done:
    - text: "完成 {outside_number}"
      translation: {zh-Hant: "完成 {outside_number}", en: "Done {outside_number}"}
"""
ACTIONS = """
from rasa_sdk import Action
from rasa_sdk.events import FollowupAction, Restarted, SlotSet
from rasa_sdk.interfaces import ActionExecutionRejection


class AskOutside(Action):
    def name(self):
        return "action_ask_outside"

    async def run(self, dispatcher, tracker, domain):
        word = tracker.get_slot("outside_word")
        if word == "茶杯":
            raise ValueError("broken")
        if word == "茶盘":
            raise ActionExecutionRejection(self.name())
        if word == "茶叶":
            return [Restarted()]
        if word == "茶桌":
            return [SlotSet("outside_number", 1), FollowupAction("flow_suggestion")]
        assert set(domain["slots"]) >= {"outside_word", "outside_number"}
        dispatcher.utter_message(
            text=f"heard {word} of {len(tracker.slots)}",
            buttons=[{"title": "One", "payload": "/SetSlots(outside_number=1)"}],
            image="https://pictures.example.com/1.png",
        )
        return [SlotSet("outside_number", len(word))]
"""
FINE = {"events": [{"event": "slot", "name": "outside_number", "value": 7}], "responses": []}
SERVER = {"name": "friends", "ours": True, "timeout_s": 1, "actions": ["action_ask_outside"]}
SORRY = "抱歉"


class Elsewhere:
    """A server that answers as a test says, and keeps what it was told."""

    def __init__(self) -> None:
        self.answer: Any = FINE
        self.status = 200
        self.delay_s = 0.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.told: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        app = web.Application()
        app.router.add_post("/webhook", self._webhook)
        self._server = TestServer(app)

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        self.told.append(await request.json())
        self.headers.append(request.headers)
        await asyncio.sleep(self.delay_s)
        await self.may_answer.wait()
        status = self.status[len(self.told) - 1] if isinstance(self.status, list) else self.status
        body = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        return web.Response(body=body, status=status, headers={"Location": "/webhook"} if status == 302 else {})

    async def start(self) -> str:
        await self._server.start_server()
        return str(self._server.make_url("/webhook"))

    async def close(self) -> None:
        await self._server.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    server = Elsewhere()
    yield server
    await server.close()


@pytest.fixture
async def open_house(pool: Pool, engine: Any, settings: Any, tmp_path: Path) -> Any:
    folder = tmp_path / "flows"
    folder.mkdir()
    (folder / "outside.yml").write_text(FLOW, encoding="utf-8")
    quick = settings.model_copy(update={"turn": settings.turn.model_copy(update={"outside_action_tries": 2})})

    async def opening(**server: Any) -> RemoteHouse:
        return await RemoteHouse.with_remote(pool, engine, quick, folder, [{**SERVER, **server}])

    return opening


async def ask(house: RemoteHouse, addresses: Addresses, word: str = "茶壶") -> tuple[Customer, list[str], int]:
    """What was said after the word, and how often a job was begun."""
    customer = house.customer()
    await customer.tap("start(ask_outside)")
    await customer.say(word)
    before = len(await house.said(customer))
    begun = await house.work(addresses)
    return customer, [line["text"] for line in (await house.said(customer))[before:]], begun


async def test_rasas_own_server_answers_in_the_talk_and_its_faults_lead_to_a_person(
    open_house: Any, addresses: Addresses, tmp_path: Path, pool: Pool
) -> None:
    (tmp_path / "sdk").mkdir()
    with rasa_sdk(tmp_path / "sdk", sample=ACTIONS) as url:
        house = await open_house(url=url, actions=["action_ask_outside", "action_not_there"], timeout_s=5)
        customer, said, begun = await ask(house, addresses)
        assert (said, begun) == (["heard 茶壶 of 1", "完成 2"], 1)
        heard = (await house.said(customer))[-2]
        assert heard["choices"] == [{"id": "SetSlots(outside_number=1)", "label": "One"}]
        assert [link["url"] for link in heard["links"]] == ["https://pictures.example.com/1.png"]
        _, said, _ = await ask(house, addresses, "茶桌")
        assert "建议" in said[0]
        for number, word in enumerate(("茶杯", "茶盘", "茶叶")):
            house.customer = lambda which=number: Customer(house, f"visitor:{which + 2}", "zh-Hans")
            _, said, begun = await ask(house, addresses, word)
            assert SORRY in said[0]
            assert begun == 1
        assert await rows(pool, "SELECT count(*) FROM bot.conversations WHERE owner = 'queue'") == [(3,)]


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (404, {"error": "x", "action_name": "action_ask_outside"}, "remote_unknown_action"),
        (400, {"error": "x", "action_name": "action_ask_outside"}, "remote_rejected"),
        (401, {}, "remote_denied"),
        (500, {"error": "x"}, "remote_failed"),
        (302, FINE, "remote_failed"),
        (200, b'{"events": [', "unreadable_answer"),
        (200, b"[" * 100_000, "unreadable_answer"),
        (200, [], "unreadable_answer"),
        (200, b"x" * 2000, "answer_too_large"),
        (200, {"events": [{"event": "restart"}]}, "unsupported_event"),
        (200, {"events": [{"event": "slot", "name": "phone", "value": "1"}]}, "unsupported_slot"),
    ],
)
async def test_what_a_server_does_wrong_is_final_and_told(
    open_house: Any,
    addresses: Addresses,
    elsewhere: Elsewhere,
    capfd: pytest.CaptureFixture[str],
    status: int,
    answer: Any,
    code: str,
) -> None:
    house = await open_house(
        url=await elsewhere.start(), answer_bytes=200_000 if b"[[" in str(answer).encode() else 1024
    )
    elsewhere.status, elsewhere.answer = status, answer
    _, said, begun = await ask(house, addresses)
    assert SORRY in said[0]
    assert (begun, len(elsewhere.told)) == (1, 1)
    assert code in "".join(capfd.readouterr())


async def test_a_server_that_is_down_is_tried_again_and_one_that_comes_back_is_heard(
    open_house: Any, addresses: Addresses, elsewhere: Elsewhere, pool: Pool
) -> None:
    house = await open_house(url=f"http://127.0.0.1:{free_port()}/webhook")
    _, said, begun = await ask(house, addresses)
    assert SORRY in said[0]
    assert begun == 2
    house = await open_house(url=await elsewhere.start())
    elsewhere.status = [503, 200]
    house.customer = lambda: Customer(house, "visitor:2", "zh-Hans")
    _, said, begun = await ask(house, addresses)
    assert (said, begun) == (["完成 7"], 2)
    first, second = (call["tracker"]["latest_message"]["message_id"] for call in elsewhere.told)
    assert first == second


async def test_a_call_without_an_answer_is_not_sent_again(
    open_house: Any, addresses: Addresses, elsewhere: Elsewhere, pool: Pool
) -> None:
    house = await open_house(url=await elsewhere.start(), timeout_s=1)
    elsewhere.delay_s = 2.0
    _, said, begun = await ask(house, addresses)
    assert SORRY in said[0]
    assert (begun, len(elsewhere.told)) == (1, 1)


async def test_what_was_begun_by_a_worker_that_died_is_not_sent_again(
    open_house: Any, addresses: Addresses, elsewhere: Elsewhere, pool: Pool
) -> None:
    house = await open_house(url=await elsewhere.start())
    customer = house.customer()
    await customer.tap("start(ask_outside)")
    await customer.say("茶壶")
    ((args,),) = await rows(pool, "SELECT args FROM procrastinate_jobs")
    assert isinstance(args, dict)
    token = args["job"]["token"]
    await rows(pool, f"INSERT INTO bot.spent_tokens VALUES ('remote:friends', '{token}', now() + '1 day') RETURNING 1")
    await house.work(addresses)
    assert SORRY in (await house.said(customer))[-1]["text"]
    assert elsewhere.told == []


async def test_a_server_is_told_the_least(open_house: Any, addresses: Addresses, elsewhere: Elsewhere) -> None:
    secret = "a secret between the two"
    house = await open_house(url=await elsewhere.start(), secret=secret)
    customer, said, _ = await ask(house, addresses, "13800138000")
    assert said == ["完成 7"]
    (told,) = elsewhere.told
    assert told["next_action"] == "action_ask_outside"
    assert told["tracker"]["slots"] == {"outside_word": "13800138000"}
    assert told["tracker"]["latest_message"]["text"] == ""
    assert told["tracker"]["events"] == []
    assert told["sender_id"] == told["tracker"]["sender_id"]
    assert str(await customer.contact()) not in str(told)
    assert "visitor" not in str(told)
    assert set(told["domain"]["slots"]) == {"outside_word", "outside_number"}
    assert elsewhere.headers[0]["Authorization"] == f"Bearer {secret}"
    again = await open_house(url=str(elsewhere._server.make_url("/webhook")), name="others", message=True, slots=[])
    await ask(again, addresses, "13800138000")
    other = elsewhere.told[1]
    assert other["sender_id"] != told["sender_id"]
    assert other["tracker"]["slots"] == {}
    assert other["tracker"]["latest_message"]["text"] == "13800138000"


async def test_a_third_party_is_given_what_the_register_allows_and_nothing_else(
    open_house: Any, addresses: Addresses, elsewhere: Elsewhere, engine: Any, pool: Pool
) -> None:
    url = await elsewhere.start()
    house = await open_house(url=url, ours=False, purpose="advice")
    _, said, begun = await ask(house, addresses)
    assert SORRY in said[0]
    assert begun == 1
    assert elsewhere.told == []
    async with engine.begin() as connection:
        until = (datetime.now(UTC) + timedelta(days=2)).date()
        terms = Agreement("A-1", until, "advice", "processor", ("sender_id", "outside_word"), "CN", "law@example.com")
        await add_third_party(connection, KEYS, "friends", terms, "system:test")
    house.customer = lambda: Customer(house, "visitor:2", "zh-Hans")
    _, said, _ = await ask(house, addresses)
    assert said == ["完成 7"]
    more = await open_house(url=url, ours=False, purpose="advice", message=True)
    more.customer = lambda: Customer(more, "visitor:3", "zh-Hans")
    _, said, _ = await ask(more, addresses)
    assert SORRY in said[0]
    assert len(elsewhere.told) == 1
    assert await rows(pool, "SELECT recipient, fields, refused, by FROM crm.transfers ORDER BY id") == [
        ("friends", ["sender_id", "outside_word"], "unknown_recipient", "system:action_ask_outside"),
        ("friends", ["sender_id", "outside_word"], None, "system:action_ask_outside"),
        ("friends", ["sender_id", "outside_word", "message"], "more_than_needed", "system:action_ask_outside"),
    ]
