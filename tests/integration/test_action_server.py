"""Our actions for an outside Rasa: driven with calls in the shape that Rasa gives them, over a real socket."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from rasa_sdk.executor import ActionExecutorRunResult, ActionName
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.app import Parts, make_app
from bot.handlers.action import LocalAction, within
from bot.handlers.executing import Actions
from bot.rehearsal.keys import RING
from bot.settings import Actions as ActionSettings
from bot.settings import Settings
from bot.storage.database import Addresses
from bot.storage.pool import Pool
from tests.integration.dialogs import rows

RECORDED = Path(__file__).parents[1] / "data" / "rasa"
SECRET = "a secret that Rasa and this test share"
BEARER = {"Authorization": f"Bearer {SECRET}"}
CASES = "SELECT count(*) FROM crm.cases"


class DeclineThis(LocalAction):
    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        raise ActionExecutionRejection(self.name())


class BreakThis(LocalAction):
    """Writes before it fails: nothing of it may stay."""

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        await within().crm.open_case("broken", None)  # type: ignore[arg-type]
        return []


def recorded(name: str, **slots: Any) -> dict[str, Any]:
    """A call as Rasa sent it."""
    call: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    call["tracker"]["slots"].update(slots)
    return call


class Rasa:
    """An outside Rasa, as far as an action server sees it."""

    def __init__(self, server: TestServer, settings: Settings) -> None:
        self.url = str(server.make_url("/webhook"))
        self.settings = settings

    async def call(self, call: Any, *, token: str | None = None, **more: Any) -> tuple[int, Any]:
        params = {"token": token} if token is not None else {}
        headers = {} if token is not None else BEARER
        async with (
            ClientSession() as session,
            session.post(self.url, json=call, params=params, headers=headers, **more) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        url = self.url.replace("/webhook", path)
        async with ClientSession() as session, session.get(url, headers=headers or {}) as response:
            return response.status, await response.json(content_type=None)


async def serve(settings: Settings, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> TestServer:
    """The whole program, with two actions more that fail in their ways."""
    whole = Parts.action_server

    def with_more(parts: Parts) -> Any:
        talk, more = parts.talk, [DeclineThis(), BreakThis()]
        actions = Actions([*talk.actions._actions.values(), *more])
        talk.actor._actions = actions
        talk.local_names |= {action.name() for action in more}
        return whole(parts)

    monkeypatch.setattr(Parts, "action_server", with_more)
    server = TestServer(make_app(settings, addresses))
    await server.start_server()
    return server


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        var_dir=tmp_path,
        secret_key="a key that only this test knows, and nobody else",
        keys={"ring": RING.document()},
        worker=False,
        actions=ActionSettings(secret=SECRET),
    )


@pytest.fixture
def addresses(demo_addresses: Addresses) -> Addresses:
    """Where the index is trained already."""
    return demo_addresses


@pytest.fixture
async def rasa(settings: Settings, addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rasa]:
    server = await serve(settings, addresses, monkeypatch)
    yield Rasa(server, settings)
    await server.close()


async def test_a_complaint_of_an_outside_rasa_becomes_one_case_however_often_it_is_sent(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    status, answer = await rasa.call(call)
    assert status == 200
    result = ActionExecutorRunResult.model_validate(answer)
    (event,) = result.events
    assert (event["event"], event["name"]) == ("slot", "case_number")
    assert event["value"] in result.responses[0]["text"]
    assert "48" in result.responses[0]["text"]
    again = await asyncio.gather(*(rasa.call(call) for _ in range(4)))
    assert again == [(200, answer)] * 4
    assert await rows(pool, CASES) == [(1,)]


async def test_what_was_said_is_on_record_once_under_the_callers_account(rasa: Rasa, pool: Pool) -> None:
    await rasa.call(recorded("open_complaint"))
    await rasa.call({**recorded("open_complaint"), "next_action": "action_ask_complaint_remedy"})
    assert await rows(pool, "SELECT channel, account, assurance FROM crm.identities") == [("rasa", "rasa", "anonymous")]
    found = "SELECT channel, direction, outcome_kind, outcome_ref FROM crm.interactions ORDER BY occurred_at, id"
    assert await rows(pool, found) == [
        ("rasa", "in", "flow", None),
        ("rasa", "out", "flow", "action_open_complaint"),
        ("rasa", "out", "flow", "action_ask_complaint_remedy"),
    ]
    # What went back with the response waits for nobody to deliver it.
    assert await rows(pool, "SELECT DISTINCT state FROM bot.outbox") == [("sent",)]


async def test_two_customers_of_one_rasa_are_two(rasa: Rasa, pool: Pool) -> None:
    one, other = recorded("open_complaint"), recorded("open_complaint")
    other["sender_id"] = other["tracker"]["sender_id"] = "somebody else"
    first, second = await rasa.call(one), await rasa.call(other)
    assert first[1]["events"] != second[1]["events"]
    assert await rows(pool, "SELECT count(DISTINCT contact_id), count(*) FROM crm.cases") == [(2, 2)]


async def test_the_same_action_of_the_next_message_is_carried_out(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    await rasa.call(call)
    call["tracker"]["latest_message"]["message_id"] = "the next one"
    await rasa.call(call)
    assert await rows(pool, CASES) == [(2,)]


async def test_an_action_that_runs_twice_for_one_message_is_no_repetition(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    await rasa.call(call)
    call["tracker"]["events"].append({"event": "action", "name": "action_open_complaint", "timestamp": 1.0})
    await rasa.call(call)
    assert await rows(pool, CASES) == [(2,)]


async def test_without_an_id_each_call_is_its_own(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    call["tracker"]["latest_message"].pop("message_id")
    call["tracker"]["events"] = []
    for _ in range(2):
        assert (await rasa.call(call))[0] == 200
    assert await rows(pool, CASES) == [(2,)]


async def test_an_answer_of_long_ago_is_not_given_by_doing_it_again(
    rasa: Rasa, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web.actions.serving.KEPT", 1)
    old, new = recorded("open_complaint"), recorded("open_complaint")
    new["tracker"]["latest_message"]["message_id"] = "the next one"
    await rasa.call(old)
    await rasa.call(new)
    assert (await rasa.call(old))[0] == 409
    assert await rows(pool, CASES) == [(2,)]


async def test_words_come_in_the_language_of_the_conversation(rasa: Rasa) -> None:
    texts = {}
    for language in ("zh-CN", "zh-TW", "en"):
        call = recorded("open_complaint", language=language)
        call["sender_id"] = language
        _, answer = await rasa.call(call)
        texts[language] = answer["responses"][0]["text"]
    assert len(set(texts.values())) == 3
    assert "hours" in texts["en"]


async def test_what_the_caller_has_words_for_it_says_itself(rasa: Rasa) -> None:
    call = recorded("open_complaint")
    call["domain"] = {"responses": {"utter_complaint_opened": [{"text": "{shown_number}"}]}}
    _, answer = await rasa.call(call)
    (response,) = answer["responses"]
    assert response["response"] == "utter_complaint_opened"
    assert response["shown_number"] == answer["events"][0]["value"]
    assert response["text"] is None


async def test_choices_are_buttons(rasa: Rasa) -> None:
    _, answer = await rasa.call({**recorded("open_complaint"), "next_action": "action_ask_complaint_remedy"})
    buttons = answer["responses"][0]["buttons"]
    assert all(button["payload"].startswith("/") and button["title"] for button in buttons)
    assert any(button["payload"].startswith("/SetSlots(complaint_remedy=") for button in buttons)


async def test_faults_are_answered_as_rasas_own_server_does(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    assert await rasa.call({**call, "next_action": "action_of_nobody"}) == (
        404,
        {"error": "No registered action found for name 'action_of_nobody'.", "action_name": "action_of_nobody"},
    )
    declined = await rasa.call({**call, "next_action": "action_decline_this"})
    assert declined == (
        400,
        {"error": "Custom action 'action_decline_this' rejected execution.", "action_name": "action_decline_this"},
    )
    for _ in range(2):  # what failed may be tried again, and says so again
        status, told = await rasa.call({**call, "next_action": "action_break_this"})
        assert (status, told["action_name"]) == (500, "action_break_this")
    assert await rows(pool, CASES) == [(0,)]
    assert await rows(pool, "SELECT count(*) FROM bot.attempts") == [(0,)]


async def test_a_call_that_is_none_is_refused(rasa: Rasa, pool: Pool) -> None:
    changes: list[dict[str, Any]] = [{"next_action": None}, {"tracker": []}, {"sender_id": "nul\x00"}]
    for change in changes:
        status, told = await rasa.call({**recorded("open_complaint"), **change})
        assert status == 400
        assert told["error"].startswith("Invalid body request")
    headers = {**BEARER, "Content-Type": "application/json"}
    async with ClientSession() as session:
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"a": NaN}'):
            async with session.post(rasa.url, data=body, headers=headers) as response:
                assert response.status == 400
    assert await rows(pool, "SELECT count(*) FROM crm.contacts") == [(0,)]


async def test_a_call_that_is_too_long_is_refused_also_when_it_was_compressed(rasa: Rasa) -> None:
    call = recorded("open_complaint")
    call["tracker"]["events"] = [{"event": "user", "text": "x" * 1000}] * 4000
    plain = {**BEARER, "Content-Type": "application/json"}
    packed = {**plain, "Content-Encoding": "deflate"}
    async with ClientSession() as session:
        async with session.post(rasa.url, data=BytesIO(json.dumps(call).encode()), headers=plain) as response:
            assert response.status == 413
        async with session.post(rasa.url, data=zlib.compress(json.dumps(call).encode()), headers=packed) as response:
            assert response.status == 413
        fine = zlib.compress(json.dumps(recorded("open_complaint")).encode())
        async with session.post(rasa.url, data=fine, headers=packed) as response:
            assert response.status == 200


async def test_only_who_has_the_secret_may_call(rasa: Rasa, pool: Pool) -> None:
    call = recorded("open_complaint")
    assert (await rasa.call(call, token=SECRET))[0] == 200
    for wrong in ("", "wrong", SECRET + "x", SECRET[:-1], "é"):
        assert (await rasa.call(call, token=wrong))[0] == 401
    assert (await rasa.get("/health"))[0] == 401
    assert await rasa.get("/health", BEARER) == (200, {"status": "ok"})
    status, named = await rasa.get("/actions", BEARER)
    assert status == 200
    assert {"action_open_complaint", "action_record_suggestion"} <= {
        ActionName.model_validate(one).name for one in named
    }
    assert (await rasa.get("/healthz"))[1] == {"status": "alive"}
    assert {(await rasa.call(call, token=f"{number}"))[0] for number in range(30)} == {401, 429}
    assert (await rasa.call(call))[0] == 200


async def test_without_a_secret_there_is_nothing(
    settings: Settings, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await serve(settings.model_copy(update={"actions": ActionSettings()}), addresses, monkeypatch)
    try:
        rasa = Rasa(server, settings)
        assert (await rasa.call(recorded("open_complaint"), token=""))[0] == 404
        for path in ("/health", "/actions"):
            assert (await rasa.get(path, BEARER))[0] == 404
    finally:
        await server.close()


async def test_only_the_actions_that_were_named_and_only_so_many_calls(
    settings: Settings, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = ActionSettings(secret=SECRET, only=["action_ask_complaint_remedy"], calls_per_minute=3)
    server = await serve(settings.model_copy(update={"actions": narrow}), addresses, monkeypatch)
    try:
        rasa = Rasa(server, settings)
        assert await rasa.get("/actions", BEARER) == (200, [{"name": "action_ask_complaint_remedy"}])
        calls = [await rasa.call(recorded("open_complaint")) for _ in range(4)]
        assert [status for status, _ in calls] == [404, 404, 404, 429]
    finally:
        await server.close()
