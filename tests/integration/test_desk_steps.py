"""Who may speak is a fact in the conversation's row: people take, answer and let go, and the database decides races."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.desk.faults import SpeakerChanged, StepReused, TakenByAnother, UnknownConversation
from bot.desk.steps import Answered, Desk
from bot.realtime import Hint
from bot.realtime.in_memory import InMemory
from bot.realtime.topics import DESK, thread_topic
from bot.rehearsal.keys import KEYS
from bot.storage.bodies import open_body
from crm_adapter.reading import list_interactions
from tests.integration.desk_customers import Talk, rows, state_of, step, store_waiting

LI, WANG = UUID(int=1), UUID(int=2)


@pytest.fixture
def room() -> InMemory:
    return InMemory()


@pytest.fixture
def told() -> list[tuple[Any, ...]]:
    """Events that the dialogs are told."""
    return []


@pytest.fixture
def desk(engine: AsyncEngine, room: InMemory, told: list[tuple[Any, ...]]) -> Desk:
    async def defer(connection: AsyncConnection, *event: Any) -> None:
        assert connection.in_transaction()
        told.append(event)

    return Desk(engine, KEYS, room, defer)


async def test_of_two_who_take_one_gets_it_and_the_other_is_told_who_has_it(desk: Desk, engine: AsyncEngine) -> None:
    for _ in range(5):
        talk = await store_waiting(engine)
        done = await asyncio.gather(*(desk.take(step(talk, agent)) for agent in (LI, WANG)), return_exceptions=True)
        (refused,) = (one for one in done if isinstance(one, Exception))
        now = await state_of(engine, talk.conversation)
        assert isinstance(refused, TakenByAnother)
        assert (now.owner, now.fence, refused.agent_id) == ("agent", 2, now.agent_id)
        assert done[0 if now.agent_id == LI else 1] == 2


async def test_an_answer_is_message_outbox_row_and_interaction(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine, "怎么退货？", "请等一下。")
    fence = await desk.take(step(talk, LI))

    answered = await desk.answer(step(talk, LI), fence, {"text": "我来帮您，请告诉我订单号。"})

    assert answered.seq == 3
    ((author, body, state, seq),) = await rows(
        engine,
        "SELECT m.author, m.sealed_body, o.state, m.seq FROM bot.messages m JOIN bot.outbox o ON o.message_id = m.id"
        " WHERE m.id = :id",
        id=answered.message_id,
    )
    assert (author, state, seq) == ("agent", "queued", 3)
    assert (await state_of(engine, talk.conversation)).last_seq == 3
    async with engine.connect() as connection:
        said = (await list_interactions(connection, KEYS, contact_id=talk.contact))[0]
        held = (await connection.execute(text("SELECT * FROM crm.hold_identity(:id)"), {"id": talk.identity})).one()
    assert (said.content, said.direction, said.conversation_id) == (
        "我来帮您，请告诉我订单号。",
        "out",
        talk.conversation,
    )
    key = KEYS.unwrap(held.key_id, held.kek, held.wrapped)
    assert open_body(key, answered.message_id, body) == {"text": "我来帮您，请告诉我订单号。"}


async def test_every_step_happens_once_however_often_it_is_asked_for(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    take, answer, leave = (step(talk, LI) for _ in range(3))

    assert await asyncio.gather(*(desk.take(take) for _ in range(4))) == [2] * 4
    told = await asyncio.gather(*(desk.answer(answer, 2, {"text": "您好"}) for _ in range(4)))
    assert set(told) == {told[0]}
    assert told[0].seq == 3
    assert await asyncio.gather(*(desk.leave(leave, 2, "resolve") for _ in range(4))) == [3] * 4
    # Also much later, when the conversation is long over.
    assert await desk.answer(answer, 2, {"text": "您好"}) == told[0]

    assert await rows(engine, "SELECT count(*) FROM bot.messages WHERE author = 'agent'") == [(1,)]
    assert await rows(engine, "SELECT kind, fence FROM bot.desk_steps ORDER BY at") == [
        ("take", 2),
        ("answer", 2),
        ("resolve", 3),
    ]


async def test_the_id_of_a_step_is_no_key_to_another(desk: Desk, engine: AsyncEngine) -> None:
    one, other = await store_waiting(engine), await store_waiting(engine)
    used = uuid4()
    await desk.take(step(one, LI, used))
    for again in (desk.take(step(other, LI, used)), desk.take(step(one, WANG, used))):
        with pytest.raises(StepReused):
            await again
    with pytest.raises(StepReused):
        await desk.leave(step(one, LI, used), 2, "to_bot")


async def test_a_stale_fence_is_refused_whoever_carries_it(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    seen = await desk.take(step(talk, LI))
    await desk.leave(step(talk, LI), seen, "to_queue")
    for late in (desk.answer(step(talk, LI), seen, {"text": "还在吗"}), desk.leave(step(talk, LI), seen, "resolve")):
        with pytest.raises(SpeakerChanged) as refused:
            await late
        assert (refused.value.owner, refused.value.agent_id, refused.value.closed) == ("queue", None, False)

    # The same person again, with a new fence: what was typed before does not slip into the second talk.
    fence = await desk.take(step(talk, LI))
    with pytest.raises(SpeakerChanged):
        await desk.answer(step(talk, LI), seen, {"text": "还在吗"})
    with pytest.raises(SpeakerChanged):
        await desk.answer(step(talk, WANG), fence, {"text": "我也在"})
    assert await rows(engine, "SELECT count(*) FROM bot.messages WHERE author = 'agent'") == [(0,)]


async def test_what_nobody_has_is_unknown(desk: Desk, engine: AsyncEngine) -> None:
    nobody = Talk(uuid4(), uuid4(), uuid4())
    for asked in (
        desk.take(step(nobody, LI)),
        desk.answer(step(nobody, LI), 1, {"text": "?"}),
        desk.leave(step(nobody, LI), 1, "to_bot"),
    ):
        with pytest.raises(UnknownConversation):
            await asked


async def test_taking_over_cancels_what_the_bot_has_not_begun_to_send(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine, "一", "甲", "二", "乙", "三", "丙")
    async with engine.begin() as connection:
        for seq, state in ((2, "sent"), (4, "begun")):
            await connection.execute(
                text("UPDATE bot.outbox SET state = :state WHERE conversation_id = :id AND seq = :seq"),
                {"state": state, "id": talk.conversation, "seq": seq},
            )
    fence = await desk.take(step(talk, LI))
    states = "SELECT seq, state, reason FROM bot.outbox ORDER BY seq"
    assert await rows(engine, states) == [(2, "sent", None), (4, "begun", None), (6, "failed", "taken_over")]

    # What a person has said is not the bot's: it is sent whoever comes next.
    await desk.answer(step(talk, LI), fence, {"text": "您好"})
    await desk.leave(step(talk, LI), fence, "to_queue")
    await desk.take(step(talk, WANG))
    assert (await rows(engine, states))[-1] == (7, "queued", None)


async def test_who_is_given_back_keeps_the_place_in_the_queue(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine, urgent=True, minutes=9)
    before = (await state_of(engine, talk.conversation)).queued_at
    fence = await desk.take(step(talk, LI))
    assert await desk.leave(step(talk, LI), fence, "to_queue") == 3
    now = await state_of(engine, talk.conversation)
    assert (now.owner, now.agent_id, now.queued_at, now.urgent, now.closed_at) == ("queue", None, before, True, None)


async def test_the_bot_that_gets_a_conversation_back_says_so(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine, urgent=True)
    fence = await desk.take(step(talk, LI))
    again = step(talk, LI)
    for _ in range(2):
        assert await desk.leave(again, fence, "to_bot") == 3
    now = await state_of(engine, talk.conversation)
    assert (now.owner, now.agent_id, now.urgent, now.queued_at, now.last_seq) == ("bot", None, False, None, 3)
    assert await rows(engine, "SELECT author, seq FROM bot.messages ORDER BY seq DESC LIMIT 1") == [("bot", 3)]


async def test_resolving_closes_the_conversation_and_is_told_to_the_dialog_once(
    desk: Desk, engine: AsyncEngine, told: list[tuple[Any, ...]]
) -> None:
    talk = await store_waiting(engine)
    fence = await desk.take(step(talk, LI))
    resolved = step(talk, LI)
    for _ in range(2):
        await desk.leave(resolved, fence, "resolve")
    about = {"conversation_id": str(talk.conversation), "agent_id": str(LI)}
    assert told == [("resolved", about, f"resolved:{resolved.id}", talk.identity)]
    now = await state_of(engine, talk.conversation)
    assert (now.owner, now.agent_id, now.close_reason) == ("bot", None, "agent")
    assert now.closed_at is not None
    with pytest.raises(SpeakerChanged) as refused:
        await desk.answer(step(talk, LI), now.fence, {"text": "还有一件事"})
    assert refused.value.closed
    with pytest.raises(TakenByAnother):
        await desk.take(step(talk, LI))


async def test_widget_and_console_are_told_at_once(desk: Desk, engine: AsyncEngine, room: InMemory) -> None:
    talk = await store_waiting(engine)
    async with room.subscribe([DESK, thread_topic("shop", f"visitor-{talk.identity}")]) as signals:
        fence = await desk.take(step(talk, LI))
        answered = await desk.answer(step(talk, LI), fence, {"text": "您好"})
        told = [await asyncio.wait_for(anext(signals), 10) for _ in range(3)]
    assert isinstance(answered, Answered)
    assert [(one.topic, one.body.get("seq")) for one in told if isinstance(one, Hint)] == [
        (DESK, None),
        (thread_topic("shop", f"visitor-{talk.identity}"), 3),
        (DESK, None),
    ]


async def test_an_erasure_takes_the_steps_with_it(desk: Desk, engine: AsyncEngine) -> None:
    talk = await store_waiting(engine)
    await desk.take(step(talk, LI))
    async with engine.begin() as connection:
        await connection.execute(
            text("SELECT bot.erase_talk(ARRAY[:identity]::uuid[], ARRAY[:contact]::uuid[])"),
            {"identity": talk.identity, "contact": talk.contact},
        )
    assert await rows(engine, "SELECT count(*) FROM bot.desk_steps") == [(0,)]
