"""Talking to a person: who could answer and when, what goes along, and what is left for when nobody is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from sqlalchemy import Row, select, text, update

from bot.domain.hours import OpeningHours, Span
from bot.domain.message import Body
from bot.handlers.action import HandlerTurn, LocalAction, within
from bot.handlers.call_times import call_time
from bot.settings import Settings
from bot.staff.roles import Permission, roles_with
from bot.storage.bodies import GONE, open_body
from bot.storage.tables import conversations, messages
from crm_adapter.encryption import seal_json
from crm_adapter.records.service import NewTask
from crm_adapter.rights.working_days import WorkingDays

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RECENT_H = 4
FEWEST_TAKEN, TAKEN = 3, 10
"""An estimate rests on so many take-overs of the last hours at least, on so many at most."""
LONGEST_ESTIMATE_MIN = 60
"""What takes longer is not promised in minutes."""
SAID, TRIED = 3, 5
"""How much of what was asked and tried goes along."""
SAYS_MUCH = 12
"""From so many letters on (a Chinese character counts as two) a message says what it is about."""
_QUOTED = 500

_PLACE = text("SELECT ahead, taken, waited_s FROM bot.desk_place(:conversation, false, :since, :taken)")
_PRESENT = text("SELECT bot.desk_present(:roles, :since)")


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said so far, oldest first: the customer's words, and the questions of the articles given."""

    asked: tuple[str, ...]
    tried: tuple[str, ...]

    @property
    def tells(self) -> bool:
        """Whether it is known from it what the customer wants."""
        return bool(self.tried) or any(_says_much(one) for one in self.asked)


class QueueStatus(LocalAction):
    """``action_queue_status``: whether a person could answer, the place in the queue, an honest estimate, and whether
    the customer has said already what it is about."""

    def __init__(self, settings: Settings) -> None:
        self._present_within = timedelta(minutes=settings.service.present_within_min)
        self._elsewhere = {account.name for account in settings.wechat if account.desk == "wechat"}
        self._hours = opening_hours(settings)

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn, hours = within(), self._hours
        opened = hours is None or hours.is_open(turn.now)
        present = {"roles": roles_with(Permission.QUEUE_SERVE), "since": turn.now - self._present_within}
        # Who is at WeChat's own desk is not told to us: its opening hours are all that is known.
        is_elsewhere = turn.channel == "wechat" and turn.account in self._elsewhere
        staffed = opened and (is_elsewhere or bool(await turn.connection.scalar(_PRESENT, present)))
        position, minutes = await _place(turn)
        opens = None if opened or hours is None else hours.next_opening(turn.now)
        talk = await _talk(turn)
        return [
            SlotSet("person_staffed", staffed),
            SlotSet("person_position", position),
            SlotSet("person_minutes", minutes if staffed else None),
            SlotSet("person_opens", None if opens is None else moment(opens, turn.locale)),
            SlotSet("person_known", talk.tells),
        ]


class NoteHandOver(LocalAction):
    """``action_note_hand_over``: what was asked and tried, and the reason, go along, sealed, for whoever answers."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn = within()
        talk = await _talk(turn)
        note = {
            "reason": tracker.get_slot("person_reason"),
            "asked": [one[:_QUOTED] for one in talk.asked[-SAID:]],
            "tried": list(talk.tried[-TRIED:]),
        }
        sealed = seal_json(turn.data_key, "conversations.note", turn.conversation_id, note)
        changed = update(conversations).where(conversations.c.id == turn.conversation_id).values(sealed_note=sealed)
        await turn.connection.execute(changed)
        return []


class LeaveMessage(LocalAction):
    """``action_leave_message``: a task to call back at the time that was wanted, or else within SL1."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        turn, service = within(), self._settings.service
        wanted = tracker.get_slot("person_call_at")
        said = "" if turn.message.get("choice") else str(turn.message.get("text") or "")
        within_h = timedelta(hours=service.answer_within_h)
        call = call_time(wanted, said, turn.now, service.zone, turn.locale, within_h)
        told = tracker.get_slot("person_message") or tracker.get_slot("person_reason") or "—"
        task = NewTask(
            contact_id=turn.contact_id,
            kind="call_back",
            subject=f"{str(told)[:4000]}\n☎ {tracker.get_slot('person_phone')} · {call.shown}",
            due_at=call.due,
            by="customer",
        )
        await turn.crm.add_task(turn.key("call_back"), task)
        return [SlotSet("person_call_by", call.shown)]


def opening_hours(settings: Settings) -> OpeningHours | None:
    """``[service] hours`` with the calendar of holidays; ``None`` where people always answer."""
    hours = settings.service.hours
    if hours is None:
        return None
    week = [[_span(one) for one in getattr(hours, day)] for day in WEEK]
    if not hours.holidays:
        return OpeningHours(settings.service.zone, week)
    return OpeningHours(settings.service.zone, week, WorkingDays.read(settings.crm.holidays_file).is_worked)


def _span(words: str) -> Span:
    start, _, end = words.partition("-")
    return time.fromisoformat(start), time.max if end == "24:00" else time.fromisoformat(end)


def moment(at: datetime, locale: str) -> str:
    """A day and a time of day in words."""
    if locale == "en":
        return f"{at:%H:%M} on {at.day} {at:%B}"
    return f"{at.month}月{at.day}日 {at:%H:%M}"


async def _place(turn: HandlerTurn) -> tuple[int, int | None]:
    """The place, and the minutes that customers had to wait lately; ``None`` when too few did to tell."""
    asked = {"conversation": turn.conversation_id, "since": turn.now - timedelta(hours=RECENT_H), "taken": TAKEN}
    row = (await turn.connection.execute(_PLACE, asked)).one()
    minutes = ceil(row.waited_s / 60) if row.taken >= FEWEST_TAKEN else None
    return row.ahead + 1, minutes if minutes is not None and minutes <= LONGEST_ESTIMATE_MIN else None


async def _talk(turn: HandlerTurn) -> Talk:
    query = (
        select(messages.c.id, messages.c.direction, messages.c.sealed_body)
        .where(messages.c.conversation_id == turn.conversation_id)
        .order_by(messages.c.seq.desc())
        .limit(40)
    )
    rows = (await turn.connection.execute(query)).all()
    return _told(_opened(turn, rows[::-1]))


def _opened(turn: HandlerTurn, rows: Sequence[Row[*tuple[Any, ...]]]) -> Sequence[tuple[str, Body]]:
    return [(row.direction, open_body(turn.data_key, row.id, row.sealed_body)) for row in rows]


def _told(lines: Sequence[tuple[str, Body]]) -> Talk:
    asked = [str(body["text"]) for direction, body in lines if direction == "in" and body.get("text")]
    given = [body["article"]["question"] for direction, body in lines if direction == "out" and body.get("article")]
    return Talk(tuple(one for one in asked if one != GONE["text"]), tuple(dict.fromkeys(given)))


def _says_much(words: str) -> bool:
    return sum(2 if sign > "⺀" else 1 for sign in words if sign.isalnum()) >= SAYS_MUCH
