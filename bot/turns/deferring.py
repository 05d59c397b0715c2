"""Jobs that are written down in the turn's own transaction: done once it is committed, never when it is not."""

from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from bot.domain.decision import Decision
from bot.domain.message import Inbound
from bot.storage.pool import Connection
from bot.turns.receive import Received
from crm_adapter.encryption import seal_json

PLACE = "jobs.action"
"""What the seal of a deferred action is bound to, with its record."""

DEFER = """
SELECT procrastinate_defer_jobs_v1(
    ARRAY[ROW('default', {task}, 0, NULL, NULL, {arguments}, {at})::procrastinate_job_to_defer_v1])
"""
"""To be filled with the driver's own placeholders."""
_RUN = DEFER.format(task="'outside:run_action'", arguments="%s", at="NULL")


async def defer_actions(connection: Connection, inbound: Inbound, received: Received, decision: Decision) -> None:
    """Writes one job per action into the turn's transaction; what it was told is sealed."""
    changes_owner = decision.owner not in (None, received.situation.owner)
    for token, call in decision.after_commit:
        record = uuid7()
        deferred = {
            "call": {
                "name": call.name,
                "slots": dict(call.slots),
                "message": call.message,
                "locale": call.locale,
                "flow": call.flow,
                "step": call.step,
                "upset": call.upset,
            },
            "assurance": inbound.assurance,
            "now": received.situation.now.isoformat(),
        }
        arguments = {
            "token": token,
            "record": str(record),
            "identity_id": str(received.sender.identity_id),
            "conversation_id": str(received.conversation_id),
            "fence": received.fence + changes_owner,
            "message_id": str(received.message_id),
            "sealed": seal_json(received.sender.key, PLACE, record, deferred).hex(),
        }
        await connection.execute(_RUN, (Jsonb({"job": arguments}),))
