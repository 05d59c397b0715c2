"""Actions that leave our store: deferred with the turn that wants them, run by a job, their result told as an event."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext, RetryStrategy

from bot.domain.decision import ActionCall, ActionResult
from bot.faults import places_of
from bot.flows.engine.results import result_body
from bot.handlers.action import HandlerTurn
from bot.handlers.executing import Actions
from bot.turns.acting import code_of
from bot.turns.deferring import PLACE
from bot.turns.events import Address, Teller
from crm_adapter.encryption import Keys, SealBroken, unseal_json
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

outside_jobs = Blueprint()


class Outside:
    """Runs actions after the commit; each try may take ``within_s``, and after ``tries`` of them it has failed."""

    def __init__(
        self, actions: Actions, crm: SqlStore, keys: Keys, teller: Teller, *, within_s: float, tries: int
    ) -> None:
        self._actions = actions
        self._crm = crm
        self._keys = keys
        self._teller = teller
        self._within_s = within_s
        self._tries = tries

    async def run(self, job: Mapping[str, Any], attempt: int) -> None:
        """Runs the action of a job and tells its result. Raises what the action raised as long as there are tries left
        and another one may help.

        A result is refused once the conversation is closed or somebody else speaks in it.
        """
        address = await self._teller.address(UUID(job["identity_id"]))
        if address is None:
            return
        try:
            deferred = unseal_json(address.key, PLACE, UUID(job["record"]), bytes.fromhex(job["sealed"]))
        except SealBroken:
            log.error("a deferred action cannot be opened", record=job["record"])
            return
        call = ActionCall(**deferred["call"])
        try:
            async with asyncio.timeout(self._within_s):
                result = await self._actions.run(call, self._turn(job, deferred, address))
        except Exception as error:
            code = code_of(error)
            log.warning("outside action failed", action=call.name, code=code, attempt=attempt, fault=places_of(error))
            if attempt < self._tries and not getattr(error, "final", False):
                raise
            result = ActionResult(failed=code)
        taken = await self._teller.tell(
            address.identity_id,
            "action_result",
            result_body(job["token"], result),
            f"action:{job['token']}",
            conversation_id=UUID(job["conversation_id"]),
            fence=job["fence"],
        )
        if taken is None or not (taken.answers or taken.working):
            await self._teller.rest(address)

    def _turn(self, job: Mapping[str, Any], deferred: Mapping[str, Any], address: Address) -> HandlerTurn:
        return HandlerTurn(
            crm=self._crm,
            keys=self._keys,
            data_key=address.key,
            contact_id=address.contact_id,
            identity_id=address.identity_id,
            conversation_id=UUID(job["conversation_id"]),
            channel=address.channel,
            account=address.account,
            assurance=deferred["assurance"],
            locale=deferred["call"]["locale"],
            now=datetime.fromisoformat(deferred["now"]),
            message=deferred["call"]["message"],
            message_id=UUID(job["message_id"]),
            run_key=job["token"],
        )


@outside_jobs.task(name="run_action", pass_context=True, retry=RetryStrategy(max_attempts=20, wait=1, linear_wait=5))
async def run_action(context: JobContext, /, job: dict[str, Any]) -> None:
    """See :meth:`Outside.run`. The token, not the try, is what an outside system should count by."""
    outside: Outside = context.additional_context["outside"]
    await outside.run(job, context.job.attempts + 1)
