"""One step of the dialog: a message and the situation in, a decision out. Knows no channel and no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.decision import Decision, Outcome, Situation
from bot.domain.message import Body, Inbound
from bot.flows.facts import ArticleText, Facts
from bot.flows.responses import say
from bot.flows.understanding.language import language_of
from bot.flows.understanding.requests import request_in

MAX_CHOICES = 3


@dataclass(frozen=True, slots=True)
class Dialog:
    """The dialog layer with its facts.

    ``answer_within_h`` is the promise of SL1, told on hand-over; ``policy_url`` the page of the privacy policy.
    """

    facts: Facts
    answer_within_h: float
    policy_url: str | None = None

    def step(self, inbound: Inbound, situation: Situation) -> Decision:
        """Decides what a message leads to. Requests for a person are understood in every state."""
        text = inbound.body.get("text", "")
        choice = inbound.body.get("choice")
        locale = language_of(text, situation.locale) if text and not choice else situation.locale
        request = _tapped(choice) if choice else request_in(text)

        if request == "bot":
            return self._say("back_to_bot", locale, Outcome("small_talk"), owner="bot")
        if situation.owner == "agent":
            return Decision((), Outcome("waiting"), situation.state, locale=locale)
        if situation.owner == "queue":
            return self._wait(situation, locale)
        if request == "person":
            return self._hand_over("hand_over", locale)
        if request == "privacy":
            return self._hand_over("privacy", locale, links=self._policy(locale))
        if choice:
            return self._chosen(choice, locale)
        if request is not None:
            return self._say(request, locale, Outcome("small_talk"))
        if not text:
            return self._say("files_received", locale, Outcome("file"), person=True)
        return self._answer(text, locale)

    def apologise(self, inbound: Inbound, situation: Situation) -> Decision:
        """What is said when a message broke the step: an apology, and a person takes over. Asks no facts."""
        text = inbound.body.get("text", "")
        locale = language_of(text, situation.locale) if text else situation.locale
        if situation.owner != "bot":
            return Decision((), Outcome("failed"), situation.state, locale=locale)
        return self._hand_over("apology", locale, Outcome("failed"))

    def _answer(self, text: str, locale: str) -> Decision:
        findings = self.facts.search(text, locale)
        if findings.verdict == "answer":
            article = self.facts.article(findings.candidates[0].article_id, locale)
            if article is not None:
                return _article(article, locale)
        if findings.verdict == "choices":
            choices = [
                {"id": f"article:{candidate.article_id}", "label": candidate.question}
                for candidate in findings.candidates[:MAX_CHOICES]
            ]
            body: Body = {"text": say("unclear", locale), "choices": [*choices, _person_button(locale)]}
            return Decision((body,), Outcome("choices"), locale=locale)
        return self._say("nothing_found", locale, Outcome("none"), person=True)

    def _chosen(self, choice: str, locale: str) -> Decision:
        article = self.facts.article(choice.removeprefix("article:"), locale) if choice.startswith("article:") else None
        if article is None:
            return self._say("stale_choice", locale, Outcome("none"), person=True)
        return _article(article, locale)

    def _policy(self, locale: str) -> list[dict[str, str]]:
        """PR13: the privacy policy, where there is a page of it."""
        if self.policy_url is None:
            return []
        return [{"label": say("policy", locale), "url": f"{self.policy_url}?lang={locale}"}]

    def _hand_over(
        self, name: str, locale: str, outcome: Outcome | None = None, links: Sequence[dict[str, str]] = ()
    ) -> Decision:
        body: Body = {
            "text": say(name, locale, hours=f"{self.answer_within_h:g}"),
            "choices": [{"id": "bot", "label": say("button_bot", locale)}],
        }
        if links:
            body["links"] = list(links)
        return Decision((body,), outcome or Outcome("hand_over"), {}, owner="queue", locale=locale)

    def _wait(self, situation: Situation, locale: str) -> Decision:
        """In the queue the bot acknowledges once and then keeps quiet: a person is going to speak."""
        if situation.state.get("told_to_wait"):
            return Decision((), Outcome("waiting"), situation.state, locale=locale)
        body: Body = {
            "text": say("waiting", locale),
            "choices": [{"id": "bot", "label": say("button_bot", locale)}],
        }
        return Decision((body,), Outcome("waiting"), {"told_to_wait": True}, locale=locale)

    def _say(self, name: str, locale: str, outcome: Outcome, *, person: bool = False, **changes: Any) -> Decision:
        body: Body = {"text": say(name, locale)}
        if person:
            body["choices"] = [_person_button(locale)]
        return Decision((body,), outcome, locale=locale, **changes)


def _tapped(choice: str) -> str | None:
    return choice if choice in ("person", "bot") else None


def _article(article: ArticleText, locale: str) -> Decision:
    body: Body = {"text": article.answer, "article": {"id": article.article_id, "question": article.question}}
    if article.related:
        body["choices"] = [{"id": f"article:{other}", "label": question} for other, question in article.related]
    return Decision((body,), Outcome("article", article.article_id), locale=locale)


def _person_button(locale: str) -> dict[str, str]:
    return {"id": "person", "label": say("button_person", locale)}
