"""What flows may ask of the engine itself, as actions."""

from collections.abc import Callable

from bot.domain.message import Body
from bot.flows.engine.ends import PERSON, offer_interrupted
from bot.flows.engine.parking import take_parked
from bot.flows.engine.run import Run, Steps
from bot.flows.engine.stack import root_of, units
from bot.flows.engine.state import Frame
from bot.flows.rendering import choices_of

MAX_CHOICES = 3
RATING = "utter_answer_rating"
"""Its buttons, which may name ``{dialog_article}``, stand below answers: they ask without waiting for an answer."""
START = "action_start_"
"""``action_start_<flow>`` goes over to a flow where there is one and its condition holds."""


def _answer(run: Run, frame: Frame) -> None:
    """Says the article ``dialog_article``, with its source and related questions; outside of forms, with its rating."""
    known = run.values(frame)
    article = run.world.facts.article(str(known.get("dialog_article", "")), run.locale)
    if article is None:
        run.say("utter_stale_choice", frame)
        run.came_to("none")
        return
    body: Body = {"text": article.answer, "article": {"id": article.article_id, "question": article.question}}
    choices = [{"id": f"article({other})", "label": question} for other, question in article.related]
    rating = run.response(RATING, frame) if not known.get("dialog_open") else None
    if rating is not None:
        choices += choices_of(rating, {"dialog_article": article.article_id}, run.locale)
    if choices:
        body["choices"] = choices
    run.utter(body)
    run.came_to("article", article.article_id)


def _clarify(run: Run, frame: Frame) -> None:
    """Offers ``dialog_options``, pairs of id and label, above the buttons of ``utter_clarify``."""
    options = run.values(frame).get("dialog_options") or []
    body = run.say("utter_clarify", frame)
    if body is not None:
        own = body.get("choices", [])
        person = f"start({PERSON})" if any(one["id"] == "person" for one in own) else None
        choices = [{"id": choice, "label": label} for choice, label in options if choice != person]
        body["choices"] = [*choices[:MAX_CHOICES], *own]
    run.came_to("choices")


def _cancel_flow(run: Run, frame: Frame) -> None:
    """Ends what the pattern lies upon; what that had interrupted is offered back."""
    here = root_of(run, next(index for index, one in enumerate(run.frames) if one is frame))
    below = [unit for unit in units(run) if unit[1] == here]
    if below:
        start, stop = below[0]
        del run.frames[start:stop]
        offer_interrupted(run, start)


def _hand_over(run: Run, frame: Frame) -> None:
    """A person speaks from now on; the rest of this flow is still said."""
    if run.speaks:
        run.owner = "queue"
        run.came_to("hand_over")
    run.state.told_to_wait, run.state.lost = False, 0


def _close(run: Run, frame: Frame) -> None:
    """Ends the conversation with this turn."""
    run.close = True


def _take_up(run: Run, frame: Frame) -> Steps[None]:
    """Goes on with the flow ``parked_id``, once the pattern has ended."""
    if not (yield from take_parked(run, frame)):
        run.say("utter_parked_gone", frame)


def _change_language(run: Run, frame: Frame) -> None:
    """Goes on in the language of the slot ``language``."""
    wanted = run.values(frame).get("language")
    if wanted in ("zh-Hans", "zh-Hant", "en"):
        run.locale = str(wanted)


BUILTIN: dict[str, Callable[[Run, Frame], Steps[None] | None]] = {
    "action_answer": _answer,
    "action_clarify": _clarify,
    "action_cancel_flow": _cancel_flow,
    "action_hand_over": _hand_over,
    "action_close": _close,
    "action_take_up": _take_up,
    "action_change_language": _change_language,
}
"""What wants nothing done on its way is done at once. ``action_hand_over`` sets no words: a flow says them itself,
before or after."""
