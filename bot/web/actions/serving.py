"""Runs a call as a turn of its own: the caller's customer is one of ours, and what was done is done once."""

from collections.abc import Callable, Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from bot.domain.decision import ActionCall, ActionResult, Decision, Given, Outcome, Situation, Wanted
from bot.domain.message import Inbound
from bot.flows.model import Definitions
from bot.settings import Settings
from bot.storage.pool import Pool
from bot.turns.acting import Actor
from bot.turns.decide import Decider
from bot.turns.take import EventRefused, Turns
from bot.turns.thread import Thread
from bot.web.actions.answers import CHANNEL, answer_of, said_body
from bot.web.actions.calls import Call
from crm_adapter.encryption import Keys

KEPT = 20
"""So many answers of a conversation are remembered, for calls that are sent again."""
_ANSWERS = "answers"
_CALL, _AGAIN = "action_call", "action_call_again"


class CallFailed(EventRefused):
    """The action failed, and nothing of it remains. ``code`` is ``rejected``, ``timeout``, ``internal`` …"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AnswerForgotten(Exception):
    """The call was carried out so long ago that its answer is not known any more; it is not carried out again."""


@dataclass(slots=True)
class _Run:
    """One call on its way through its turn."""

    call: Call
    answer: dict[str, Any] | None = None
    failed: str = "internal"
    said: bool = field(default=False)


_running: ContextVar[_Run] = ContextVar("action_call")


class ActionServer:
    """Answers calls of our actions. ``names`` are those that may be called.

    The customer's message stands in the thread once, however many actions follow it (CH2); each call is one
    transaction, with what it says.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        keys: Keys,
        actor: Actor,
        names: frozenset[str],
        definitions: Callable[[], Definitions],
        promises: Mapping[str, str],
    ) -> None:
        self.settings = settings.actions
        self.text_bytes = settings.limits.text_bytes
        only = frozenset(settings.actions.only)
        self.names = names & only if only else names
        self._pool = pool
        self._keys = keys
        self._definitions = definitions
        self._promises = promises
        turn = settings.turn
        decider = Decider(self._turn, self._give_up, turn.decide_s, turn.crashes_before_person)
        self._turns = Turns(pool, decider, keys, actor)

    async def run(self, call: Call, trace_id: str) -> dict[str, Any]:
        """What the action answers; the same for the same call sent again.

        Raises :class:`CallFailed`, :class:`AnswerForgotten` and :class:`~bot.turns.take.TurnUnavailable`.
        """
        run = _Run(call)
        token = _running.set(run)
        try:
            if call.text:
                await self._turns.take(self._inbound(call, trace_id, call.message, None))
            taken = await self._turns.take(self._inbound(call, trace_id, call.key, _CALL))
            if taken.duplicate:
                await self._turns.take(self._inbound(call, trace_id, None, _AGAIN))
        finally:
            _running.reset(token)
        if run.answer is None:
            raise AnswerForgotten
        if run.said:
            # It goes back with this response, and is then where it belongs.
            last = max((answer.seq for answer in taken.answers), default=0)
            await Thread(self._pool, self._keys, self.settings.account, call.sender).acknowledge(last, 0)
        return run.answer

    def _inbound(self, call: Call, trace_id: str, key: str | None, event: str | None) -> Inbound:
        return Inbound(
            channel=CHANNEL,
            account=self.settings.account,
            external_id=f"{event or 'message'}:{key or uuid4().hex}:{call.sender}",
            identity=call.sender,
            assurance="anonymous",
            locale=call.locale,
            body={"text": call.text} if call.text else {},
            received_at=datetime.now(UTC),
            trace_id=trace_id,
            event=event,
        )

    def _turn(self, inbound: Inbound, situation: Situation) -> Decision | Generator[Wanted, Given, Decision]:
        if inbound.event == _CALL:
            return self._carry_out(_running.get(), inbound, situation)
        if inbound.event == _AGAIN:
            run = _running.get()
            run.answer = _answers(situation).get(run.call.key or "")
        return Decision((), Outcome("flow"), situation.state)

    def _carry_out(self, run: _Run, inbound: Inbound, situation: Situation) -> Generator[Wanted, Given, Decision]:
        call = run.call
        result = yield ActionCall(call.action, call.slots, inbound.body, call.locale, call.flow, call.step)
        if not isinstance(result, ActionResult) or result.failed is not None:
            run.failed = getattr(result, "failed", None) or "internal"
            raise CallFailed(run.failed)
        definitions = self._definitions()
        values = {**self._promises, **call.slots, **{n: v for n, v in result.slots.items() if v is not None}}
        bodies = tuple(said_body(said, definitions, values, call.locale) for said in result.said)
        run.answer = answer_of(result, bodies, call.responses, call.slots)
        run.said = bool(bodies)
        kept = _answers(situation)
        if call.key is not None:
            kept = dict([*kept.items(), (call.key, run.answer)][-KEPT:])
        replies = tuple(body for body in bodies if body)
        outcome = Outcome("flow", call.action)
        return Decision(replies, outcome, {**situation.state, _ANSWERS: kept}, locale=call.locale)

    def _give_up(self, inbound: Inbound, situation: Situation) -> Decision:
        """Nobody is to apologise here: the caller is told, and nothing stays, so that it may call again."""
        raise CallFailed(_running.get().failed)


def _answers(situation: Situation) -> dict[str, Any]:
    kept = situation.state.get(_ANSWERS)
    return kept if isinstance(kept, dict) else {}
