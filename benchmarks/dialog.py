"""What does a step of the dialog cost? ``python -m benchmarks.dialog [--json]``.

Fifty generated flows beside the patterns that ship, no database and no understanding of words: plain turns (a question
that the knowledge base answers) and turns of a form (a value is filled in, the next question is asked). Promises less
than a millisecond per step without I/O.
"""

import argparse
import json
import statistics
import sys
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from bot.domain.decision import ActionResult, Decision, Situation
from bot.domain.message import Inbound
from bot.flows.catalogue import OURS
from bot.flows.commands import Answer, Command, SetSlot, StartFlow, Understood
from bot.flows.dialog import Dialog
from bot.flows.engine.terms import Terms
from bot.flows.facts import ArticleText, Facts, Findings
from bot.flows.model import Definitions
from bot.flows.reading import read_definitions
from bot.flows.understanding import Heard

WITHIN_MS = 1.0
FLOWS, QUESTIONS, ROUNDS = 50, 8, 200
NOW = datetime(2026, 11, 2, tzinfo=UTC)


class OneArticle:
    """Facts that are there at once: what is measured is the dialog."""

    def search(self, text: str, locale: str) -> Findings:
        """See :class:`bot.flows.facts.Facts`."""
        return Findings("nothing", ())

    def article(self, article_id: str, locale: str) -> ArticleText | None:
        """See :class:`bot.flows.facts.Facts`."""
        return ArticleText(article_id, "Q?", "A.", (("other", "O?"),))


def generated(flows: int = FLOWS) -> Definitions:
    """So many forms of eight questions with a branch and an action after each, beside the patterns."""
    slots, responses, forms = {}, {}, {}
    for flow in range(flows):
        steps: list[dict[str, Any]] = []
        for number in range(QUESTIONS):
            slot = f"s{flow}_{number}"
            slots[slot] = {"type": "text"}
            words = f"{slot}?"
            responses[f"utter_ask_{slot}"] = [{"text": words, "translation": {"zh-Hant": words, "en": words}}]
            branches = [{"if": f"slots.{slot} = 'x'", "then": "END"}, {"else": f"do{number}"}]
            steps.append({"id": f"ask{number}", "collect": slot, "next": branches})
            steps.append({"id": f"do{number}", "action": "action_note"})
        name = f"form {flow}"
        forms[f"form{flow}"] = {"name": name, "translation": {"zh-Hant": name, "en": name}, "steps": steps}
        forms[f"form{flow}"]["description"] = name
    text = json.dumps({"version": "3.1", "slots": slots, "responses": responses, "flows": forms})
    return read_definitions(OURS, {"generated.yml": text})


def understand(heard: Heard, _facts: Facts, _definitions: Definitions) -> Understood:
    """The text says what it means: ``/flow``, ``?`` or a value for what was asked."""
    command: Command = SetSlot(heard.asked.name, heard.text) if heard.asked else Answer("a")
    if heard.text.startswith("/"):
        command = StartFlow(heard.text[1:])
    return Understood((Answer("a"),) if heard.text == "?" else (command,), heard.locale)


def turn(dialog: Dialog, text: str, state: dict[str, Any]) -> Decision:
    """One turn; every action succeeds at once."""
    inbound = Inbound("web", "shop", "1", "visitor:1", "anonymous", "en", {"text": text}, NOW, "0")
    asking = dialog.turn(inbound, Situation("bot", "en", state, NOW))
    try:
        asking.send(None)
        while True:
            asking.send(ActionResult())
    except StopIteration as end:
        decision: Decision = end.value
        return decision


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Milliseconds per turn (median) by kind, and steps per second of forms (a question and an action are two)."""
    definitions = generated()
    dialog = Dialog(lambda: definitions, understand, OneArticle(), Terms())
    plain, form, steps = [], [], 0
    for number in range(rounds):
        plain.append(_timed(lambda: turn(dialog, "?", {})))
        state = turn(dialog, f"/form{number % FLOWS}", {}).state
        for _ in range(QUESTIONS):
            document = json.loads(json.dumps(state))
            before = perf_counter()
            state = turn(dialog, "y", document).state
            form.append((perf_counter() - before) * 1000)
            steps += 2
    return {
        "plain_ms": statistics.median(plain),
        "form_ms": statistics.median(form),
        "step_ms": sum(form) / steps,
        "steps_per_s": steps / sum(form) * 1000,
    }


def _timed(call: Any) -> float:
    before = perf_counter()
    call()
    return (perf_counter() - before) * 1000


def main() -> int:
    """0 when a step costs less than promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    figures = measure()
    if parser.parse_args().json:
        print(json.dumps(figures))
    else:
        print(f"{FLOWS} flows: a plain turn {figures['plain_ms']:.3f} ms, a turn of a form {figures['form_ms']:.3f} ms")
        print(f"a step {figures['step_ms']:.3f} ms (promised: {WITHIN_MS:g}), {figures['steps_per_s']:,.0f} per second")
    return 0 if max(figures["step_ms"], figures["plain_ms"]) < WITHIN_MS else 1


if __name__ == "__main__":
    sys.exit(main())
