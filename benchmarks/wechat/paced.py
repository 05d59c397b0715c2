"""A thousand users who write at their times, whatever becomes of what was written before; and what became of it."""

from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.wechat.house import CARE
from bot.rehearsal.keys import KEYS
from tests.integration.wechat.emulator import Emulator

AT_ONCE_S = 10
"""The emulator is told what happens in the next so many seconds."""
WITHIN_S = 1.0

_SAID = """
SELECT i.blind, m.id,
       (SELECT count(*) FROM bot.messages a WHERE a.in_reply_to = m.id),
       (SELECT count(*) FROM bot.messages a JOIN bot.outbox o ON o.message_id = a.id
         WHERE a.in_reply_to = m.id AND o.state = 'sent' AND o.route = 'passive' AND o.reply_to = m.id),
       (SELECT count(*) FROM bot.messages a JOIN bot.outbox o ON o.message_id = a.id
         WHERE a.in_reply_to = m.id AND o.state = 'sent' AND o.route = 'service')
  FROM bot.inbox i JOIN bot.messages m ON m.id = i.message_id
 WHERE i.account = %s AND m.direction = 'in'
"""


@dataclass(frozen=True, slots=True)
class Paced:
    """``seconds`` to the first answer of each push that got a passive one, in their order; ``late`` is how much later
    than planned the emulator sent it."""

    pushes: list[dict[str, Any]]
    late: list[float]

    def first_answers(self) -> list[float]:
        """Sorted; of pushes that were answered at the first try."""
        first = (push["attempts"][0] for push in self.pushes)
        return sorted(one["seconds"] for one in first if one["outcome"] == "answered")

    @property
    def in_time(self) -> float:
        """The share of pushes whose first answer came passively within a second."""
        return sum(seconds <= WITHIN_S for seconds in self.first_answers()) / len(self.pushes)


async def write(emulator: Emulator, users: int, questions: list[str], rate: float, seconds: float) -> Paced:
    """So many users, ``rate`` messages a second, one after the other; ends when no push is under way any more."""
    await emulator.control("POST", "/users", {"count": users, "prefix": "u", "follow": [CARE.name]})
    late: list[float] = []
    total = int(rate * seconds)
    for start in range(0, total, int(rate * AT_ONCE_S)):
        acts = [
            {
                "user": f"u{number % users + 1}",
                "act": "text",
                "body": {"content": questions[number % len(questions)]},
                "after": (number - start) / rate,
            }
            for number in range(start, min(total, start + int(rate * AT_ONCE_S)))
        ]
        done = await emulator.control("POST", "/acts", {"acts": acts})
        assert not done["refused"], done["refused"]
        late += done["late"]
    assert (await emulator.control("GET", "/idle?wait=60"))["idle"], "pushes are still under way"
    deliveries = await emulator.control("GET", f"/deliveries?limit={total}")
    return Paced(deliveries["deliveries"], sorted(late))


async def account_for(emulator: Emulator, users: int, paced: Paced, application_url: str) -> dict[str, int]:
    """Every push against store and phone: how many were lost, came twice, or have answers that do not add up.

    A push is lost where the store does not have it, or nobody was shown its answer; doubled where the store or the
    phone has it, or its answer, more than once.
    """
    shown: dict[int, int] = {}
    others = 0
    for number in range(1, users + 1):
        found = await emulator.control("GET", f"/users/u{number}/phone?how=passive,custom,error")
        for line in found["lines"]:
            if line["how"] == "passive":
                shown[line["push"]] = shown.get(line["push"], 0) + 1
            else:
                others += 1
    with psycopg.connect(application_url, autocommit=True) as connection:
        stored = connection.execute(_SAID.encode(), (CARE.name,)).fetchall()
        row = connection.execute(
            "SELECT count(*) FROM bot.outbox WHERE state <> 'sent' AND due_at IS NOT NULL"
        ).fetchone()
    said = {bytes(blind): (answers, passive, service) for blind, _, answers, passive, service in stored}
    counts = {"lost": 0, "doubled": 0, "unanswered": 0, "by_service": 0, "unsettled": row[0] if row else 0}
    for push in paced.pushes:
        found = said.get(KEYS.blind("message", CARE.name, str(push["fields"]["MsgId"])))
        if found is None:
            counts["lost"] += 1
            continue
        answers, passive, service = found
        counts["by_service"] += bool(service)
        counts["unanswered"] += answers == 0
        counts["lost"] += bool(answers) and passive + service < answers
        counts["lost"] += bool(passive) and not shown.get(push["id"])
        counts["doubled"] += shown.get(push["id"], 0) > 1
    counts["doubled"] += len(stored) - len(said) + max(0, len(stored) - len(paced.pushes))
    counts["service_lines"] = others
    return counts
