"""What the flow "talk to a person" does in the store: status of the queue, the note that goes along, a call-back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.desk.steps import Desk
from bot.desk.waiting import read_visit
from bot.handlers.action import HandlerTurn, LocalAction, running
from bot.handlers.person import LeaveMessage, NoteHandOver, QueueStatus
from bot.realtime.in_memory import InMemory
from bot.rehearsal.keys import KEYS
from bot.settings import Settings
from bot.storage.bodies import seal_body
from bot.storage.tables import messages
from crm_adapter.policy import Policy
from crm_adapter.sql_store import SqlStore
from tests.integration.console_client import Talk, make_staff, store_talk, told_to_nobody
from tests.integration.desk_customers import rows, state_of, step, store_waiting


@pytest.fixture
async def here(engine: AsyncEngine) -> None:
    """Somebody sits at the desk."""
    await make_staff(engine, "mei", "agent")


async def run(
    engine: AsyncEngine, action: LocalAction, talk: Talk, run_key: str = "run", **slots: Any
) -> dict[str, Any]:
    """The slots that an action sets, carried out in a turn of this customer."""
    tracker = Tracker(str(talk.identity), slots, {}, [], False, None, {}, None)
    async with engine.begin() as connection:
        held = (await connection.execute(text("SELECT * FROM crm.hold_identity(:id)"), {"id": talk.identity})).one()
        turn = HandlerTurn(
            crm=SqlStore(engine, KEYS, Policy()).within(connection),
            keys=KEYS,
            data_key=KEYS.unwrap(held.key_id, held.kek, held.wrapped),
            contact_id=talk.contact,
            identity_id=talk.identity,
            conversation_id=talk.conversation,
            channel="web",
            account="shop",
            assurance="anonymous",
            locale="zh-Hans",
            now=datetime.now(UTC),
            message={},
            message_id=uuid4(),
            run_key=run_key,
            lent=connection,
        )
        with running(turn):
            events = await action.run(CollectingDispatcher(), tracker, {})
    return {event["name"]: event["value"] for event in events}


async def test_with_nobody_at_the_desk_nothing_is_promised(engine: AsyncEngine, settings: Settings) -> None:
    talk = await store_talk(engine, "转人工")
    status = await run(engine, QueueStatus(settings), talk)
    assert (status["person_staffed"], status["person_minutes"], status["person_opens"]) == (False, None, None)
    # An administrator's open console answers nobody.
    await make_staff(engine, "boss", "administrator")
    assert (await run(engine, QueueStatus(settings), talk))["person_staffed"] is False
    await make_staff(engine, "mei", "agent")
    assert (await run(engine, QueueStatus(settings), talk))["person_staffed"] is True
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.staff_sessions SET last_seen_at = now() - interval '6 minutes'"))
    assert (await run(engine, QueueStatus(settings), talk))["person_staffed"] is False


@pytest.mark.usefixtures("here")
async def test_outside_the_hours_it_is_told_when_they_begin(engine: AsyncEngine, settings: Settings) -> None:
    tomorrow = (datetime.now(settings.service.zone) + timedelta(days=1)).strftime("%A").lower()
    closed = {"hours": {tomorrow: ["09:00-18:00"], "holidays": False}}
    other = Settings(var_dir=settings.var_dir, service=closed)
    status = await run(engine, QueueStatus(other), await store_talk(engine, "转人工"))
    assert status["person_staffed"] is False
    assert status["person_opens"].endswith(" 09:00")


@pytest.mark.usefixtures("here")
async def test_place_and_estimate_come_from_the_queue_as_it_is(engine: AsyncEngine, settings: Settings) -> None:
    desk, agent = Desk(engine, KEYS, InMemory(), told_to_nobody), UUID(int=7)
    new = await store_talk(engine, "转人工")
    status = await run(engine, QueueStatus(settings), new)
    assert (status["person_position"], status["person_minutes"]) == (1, None)

    waiting = [await store_waiting(engine, minutes=minutes) for minutes in (9, 5, 7, 3)]
    assert (await run(engine, QueueStatus(settings), new))["person_position"] == 5
    assert (await run(engine, QueueStatus(settings), waiting[1]))["person_position"] == 3
    for talk in waiting[:2]:
        await desk.take(step(talk, agent))
    # Two take-overs tell nothing yet, of three the middle one does: 9, 7 and 5 minutes.
    assert (await run(engine, QueueStatus(settings), new))["person_minutes"] is None
    await desk.take(step(waiting[2], agent))
    status = await run(engine, QueueStatus(settings), new)
    assert (status["person_position"], status["person_minutes"]) == (2, 8)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE bot.desk_steps SET waited_s = 9000"))
    assert (await run(engine, QueueStatus(settings), new))["person_minutes"] is None


@pytest.mark.usefixtures("here")
async def test_who_has_said_what_it_is_about_is_not_asked_again(engine: AsyncEngine, settings: Settings) -> None:
    for words, known in (("你好", False), ("hello", False), ("洗衣机不排水了怎么办", True)):
        status = await run(engine, QueueStatus(settings), await store_talk(engine, words, "…"))
        assert status["person_known"] is known, words
    talk = await store_talk(engine, "你好", "您好")
    await add_answer(engine, talk, "退货要几天？")
    assert (await run(engine, QueueStatus(settings), talk))["person_known"] is True


async def add_answer(engine: AsyncEngine, talk: Talk, question: str) -> None:
    """The bot has given this article."""
    message = uuid4()
    async with engine.begin() as connection:
        held = (await connection.execute(text("SELECT * FROM crm.hold_identity(:id)"), {"id": talk.identity})).one()
        key = KEYS.unwrap(held.key_id, held.kek, held.wrapped)
        body = {"text": "七天。", "article": {"id": "returns", "question": question}}
        await connection.execute(
            messages.insert().values(
                id=message,
                conversation_id=talk.conversation,
                seq=90,
                direction="out",
                author="bot",
                sealed_body=seal_body(key, message, body),
                at=datetime.now(UTC),
            )
        )


async def test_what_was_asked_and_tried_goes_along_sealed(engine: AsyncEngine) -> None:
    talk = await store_talk(engine, "怎么退货", "…", "不是这个", "…", "我要退款", "…", "还是不对")
    await add_answer(engine, talk, "退货要几天？")
    await run(engine, NoteHandOver(), talk, person_reason="洗衣机坏了两次")

    sealed = (await state_of(engine, talk.conversation)).sealed_note
    assert "洗衣机".encode() not in bytes(sealed)
    async with engine.connect() as connection:
        visit = await read_visit(connection, KEYS, talk.conversation)
    assert visit is not None
    assert visit.note == {
        "reason": "洗衣机坏了两次",
        "asked": ["不是这个", "我要退款", "还是不对"],
        "tried": ["退货要几天？"],
    }


async def test_a_message_is_a_task_once_with_its_promise(engine: AsyncEngine, settings: Settings) -> None:
    talk = await store_talk(engine, "转人工")
    action = LeaveMessage(settings)
    left = {"person_message": "请回电谈退款", "person_phone": "+8613800138000", "person_call_at": "any"}
    for _ in range(2):  # a turn that is decided again
        told = await run(engine, action, talk, **left)
    (task,) = await SqlStore(engine, KEYS, Policy()).tasks(talk.contact)
    promised = f"请回电谈退款\n☎ +8613800138000 · {told['person_call_by']}"
    assert (task.kind, task.state, task.subject) == ("call_back", "open", promised)
    within = task.due_at - datetime.now(UTC)
    assert timedelta(hours=23) < within <= timedelta(hours=settings.service.answer_within_h)
    assert told["person_call_by"]
    await run(engine, action, talk, "another", **{**left, "person_call_at": "15:30"})
    assert sorted(await rows(engine, "SELECT count(*) FROM crm.tasks")) == [(2,)]
    due = [
        one.due_at.astimezone(settings.service.zone)
        for one in await SqlStore(engine, KEYS, Policy()).tasks(talk.contact)
    ]
    assert any((one.hour, one.minute) == (15, 30) for one in due)
