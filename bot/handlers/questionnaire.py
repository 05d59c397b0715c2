"""A questionnaire question by question: progress is shown, what was said is kept while it is parked (CP11, SV4)."""

from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker

from bot.handlers.action import LocalAction, within
from bot.handlers.questionnaires import Question, Questionnaire, read_questionnaires
from bot.handlers.worded import in_language
from bot.handlers.wording import Wording, joined
from bot.settings import Settings

DONE = "done"
"""What the button says that ends a question of several answers."""
words = Wording("questionnaire")


class _Questions(LocalAction):
    def __init__(self, settings: Settings) -> None:
        self._all = read_questionnaires(settings.service.opinions.questionnaires)

    def _current(self, tracker: Tracker) -> tuple[Questionnaire, int, Question] | None:
        """Which questionnaire, and the question that is open."""
        form = self._all.get(str(tracker.get_slot("questionnaire_name")))
        found = form.next_question(_done(tracker)) if form else None
        return (form, *found) if form is not None and found is not None else None


class BeginQuestionnaire(_Questions):
    """Takes the only questionnaire there is; ``questionnaire_any`` is false where there is none."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        name = tracker.get_slot("questionnaire_name")
        if name is None and len(self._all) == 1:
            name = next(iter(self._all))
        return [SlotSet("questionnaire_any", bool(self._all)), SlotSet("questionnaire_name", name)]


class AskQuestionnaireName(_Questions):
    """Offers the questionnaires by their titles."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        locale = within().locale
        buttons = [
            {"payload": f"/SetSlots(questionnaire_name={one.id})", "title": in_language(one.title, locale)}
            for one in self._all.values()
        ]
        dispatcher.utter_message(response="utter_questionnaire_which", buttons=buttons)
        return []


class OpenQuestionnaire(_Questions):
    """Says how many questions there are; a name that is none of the questionnaires is asked for again."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        form = self._all.get(str(tracker.get_slot("questionnaire_name")))
        if form is None:
            return [SlotSet("questionnaire_name", None), SlotSet("questionnaire_open", False)]
        title, number = in_language(form.title, within().locale), len(form.questions)
        dispatcher.utter_message(response="utter_questionnaire_begins", shown_title=title, shown_total=number)
        return [SlotSet("questionnaire_open", True)]


class AskQuestionnaireAnswer(_Questions):
    """The open question with its number, its choices, and what was chosen of them so far."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        locale, current = within().locale, self._current(tracker)
        if current is None:
            return [SlotSet("questionnaire_answer", DONE)]
        form, number, question = current
        chosen = _chosen(tracker)
        choices = question.choices(locale)
        buttons = [_button(value, label) for value, label in choices if value not in chosen]
        if chosen:
            buttons.append(_button(DONE, words("done", locale)))
        elif question.optional:
            buttons.append({"payload": "/skip", "title": words("skip", locale)})
        lines = [f"{number}/{len(form.questions)}  {in_language(question.text, locale)}"]
        if chosen:
            labels = [label for value, label in choices if value in chosen]
            lines.append(words("chosen", locale, labels=joined(labels, locale)))
        elif question.type == "multiple":
            lines.append(words("several", locale))
        dispatcher.utter_message(text="\n".join(lines), buttons=buttons)
        return []


class NoteQuestionnaireAnswer(_Questions):
    """Keeps the answer, or says that it was none; a tap adds to a question of several answers, words settle it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        current = self._current(tracker)
        if current is None:
            return [SlotSet("questionnaire_over", True)]
        form, _, question = current
        said = tracker.get_slot("questionnaire_answer")
        chosen, done = _chosen(tracker), _done(tracker)
        if said is None:
            answer: Any = None
        elif said == DONE and chosen:
            answer = chosen
        else:
            answer = question.read(str(said))
            if answer is None:
                dispatcher.utter_message(response="utter_questionnaire_unclear")
                return [SlotSet("questionnaire_answer", None), SlotSet("questionnaire_over", False)]
            if question.type == "multiple":
                answer = list(dict.fromkeys([*chosen, *answer]))
                if within().message.get("choice") and len(answer) < len(question.options):
                    return [SlotSet("questionnaire_chosen", answer), *_again(form, done)]
        done = {**done, question.id: answer}
        return [SlotSet("questionnaire_done", done), SlotSet("questionnaire_chosen", None), *_again(form, done)]


class KeepQuestionnaire(_Questions):
    """Stores the answers, sealed, with the questionnaire's version, and says thanks."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[EventType]:
        """See :class:`LocalAction`."""
        turn, form = within(), self._all.get(str(tracker.get_slot("questionnaire_name")))
        if form is None:
            dispatcher.utter_message(response="utter_questionnaire_gone")
            return []
        answers = form.worth_keeping(_done(tracker))
        await turn.crm.keep_answers(turn.contact_id, turn.conversation_id, form.id, form.version, answers, turn.now)
        dispatcher.utter_message(
            response="utter_questionnaire_thanks", shown_thanks=in_language(form.thanks, turn.locale)
        )
        return []


def _again(form: Questionnaire, done: dict[str, Any]) -> list[EventType]:
    over = form.next_question(done) is None
    return [SlotSet("questionnaire_answer", None), SlotSet("questionnaire_over", over)]


def _done(tracker: Tracker) -> dict[str, Any]:
    done = tracker.get_slot("questionnaire_done")
    return done if isinstance(done, dict) else {}


def _chosen(tracker: Tracker) -> list[str]:
    chosen = tracker.get_slot("questionnaire_chosen")
    return chosen if isinstance(chosen, list) else []


def _button(value: str, label: str) -> dict[str, str]:
    return {"payload": f"/SetSlots(questionnaire_answer={value})", "title": label}
