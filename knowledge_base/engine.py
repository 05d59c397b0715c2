"""Ranking articles and wishes for a message: the trained matcher, its calibration, what is known word for word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from knowledge_base.articles import Article
from knowledge_base.background import everyday_sentences
from knowledge_base.calibration import Calibration, Thresholds, calibrate
from knowledge_base.features import analyse, analyse_normalised, is_bare
from knowledge_base.matcher import MAX_LANDMARKS, Candidates, Example, Features, Matcher, Training
from knowledge_base.normalise import normalise
from knowledge_base.trials import hold_out
from knowledge_base.vectors import VectorSpace
from knowledge_base.wishes import is_wish

_BACKGROUND_LOOKALIKE: Final = 0.55
"""A background sentence more alike than this to an example is the company's business after all, and is left out."""
_VERBATIM: Final = 0.99
"""The confidence of an article when the question is one of its examples, sign by sign."""


_DOUBT: Final = 0.01
"""How far below an answer a question of a single word stays: "refund" may be about how, when or where to."""
_LINK_TARGET: Final = re.compile(r"\]\([^)]*\)")
_CLEAR: Final = 9.0
"""The lead of what is known word for word."""
_COMPARED: Final = 3
"""Even where one article is wanted, the first few are weighed against each other."""


Ranked = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ids and probabilities, best first, of the articles and of the wishes; ``lead`` as in :class:`Comparison`."""

    articles: Ranked
    wishes: Ranked
    lead: float


class Engine:
    """Immutable and shared between threads; :meth:`train` makes one."""

    def __init__(
        self,
        names: Sequence[str],
        matcher: Matcher,
        calibrations: tuple[Calibration, Calibration],
        verbatim: dict[str, int],
        small_talk: frozenset[str],
    ) -> None:
        """Take the parts; ``names`` are the ids by class number, ``calibrations`` those of articles and of wishes."""
        self._names = names
        self._matcher = matcher
        self._calibration, self._of_wishes = calibrations
        self._verbatim = verbatim
        self._small_talk = small_talk
        self.answer_from = self._calibration.answer_from
        """The confidence from which an article is sure enough to be given as the answer."""
        self.start_from = self._of_wishes.answer_from
        """The confidence from which a wish is sure enough to be followed without asking back."""

    @classmethod
    def train(cls, articles: Sequence[Article], thresholds: Thresholds) -> "Engine | None":
        """Learn the examples of articles and wishes; ``None`` when there is none to learn from.

        What is an example of both teaches the wish only: "I want to return it" is followed, not explained.
        """
        known, names = _examples(articles)
        if not known:
            return None
        wishes = sum(map(is_wish, names))
        foreign = _sentences_foreign_to([example.features for example in known])
        strangers = [Example(text, analyse(text), len(names), -number) for number, text in enumerate(foreign, 1)]
        training = Training([*known, *strangers], len(names), wishes)
        asked, wanted = hold_out(training)
        calibration = calibrate(asked, thresholds)
        return cls(
            names,
            training.matcher(),
            (calibration, calibrate(wanted, thresholds) if wanted else calibration),
            _unambiguous(known),
            frozenset(normalise(text) for text in foreign),
        )

    def rank(self, text: str, limit: int) -> Ranking:
        """At most ``limit`` articles and wishes most likely meant, with the probability of each; none for small talk.

        A message that is one example sign by sign is that example's; of an article's, nothing else is weighed.
        """
        plain = normalise(text)
        if plain in self._small_talk:
            return Ranking([], [], 0.0)
        exact = self._verbatim.get(plain)
        known = self._names[exact] if exact is not None else ""
        if known and not is_wish(known):
            return Ranking([(known, _VERBATIM)], [], -_CLEAR)
        features = analyse_normalised(plain)
        if not features:
            return Ranking([], [], 0.0)
        compared = self._matcher.compare(features, max(limit, _COMPARED))
        bare = is_bare(features)
        articles = self._ranked(compared.answers, self._calibration, limit, bare=bare)
        if known:
            return Ranking(articles, [(known, _VERBATIM)], _CLEAR)
        return Ranking(
            articles,
            self._ranked(compared.wishes, self._of_wishes, limit, bare=bare) if compared.wishes else [],
            compared.lead,
        )

    def _ranked(self, candidates: Candidates, calibration: Calibration, limit: int, *, bare: bool) -> Ranked:
        most = max(0.0, calibration.answer_from - _DOUBT) if bare else 1.0
        ranked = [
            (self._names[label], min(most, calibration.confidence(evidence)))
            for label, evidence in zip(candidates.classes, candidates.evidence, strict=True)
        ]
        return sorted(ranked, key=lambda pair: -pair[1])[:limit]


def _examples(articles: Sequence[Article]) -> tuple[list[Example], list[str]]:
    """Each different example once per article, the answers' texts as weak ones, and the ids by class, wishes last."""
    examples: list[Example] = []
    names: list[str] = []
    number = 0
    wanted = {normalise(text) for one in articles if is_wish(one.id) for texts in one.wordings() for text in texts}
    for article in sorted(articles, key=lambda one: is_wish(one.id)):
        seen = {""} if is_wish(article.id) else {"", *wanted}
        known = len(seen)
        wordings = [(texts, True) for texts in article.wordings()]
        if wordings:
            wordings += [((_LINK_TARGET.sub(" ", text),), False) for text in article.answer.values()]
        for texts, is_question in wordings:
            number += 1
            for text in texts:
                plain = normalise(text)
                if plain not in seen:
                    examples.append(Example(plain, analyse(text), len(names), number, is_question))
                    seen.add(plain)
        if len(seen) > known:
            names.append(article.id)
    return examples, names


def _sentences_foreign_to(examples: Sequence[Features]) -> list[str]:
    space = VectorSpace(examples, min(len(examples), MAX_LANDMARKS))
    return [text for text in everyday_sentences() if space.similarities(analyse(text)).max() < _BACKGROUND_LOOKALIKE]


def _unambiguous(examples: Sequence[Example]) -> dict[str, int]:
    """The class of each example's text, where it is the example of one article only."""
    owners: dict[str, set[int]] = {}
    for example in examples:
        if example.is_question:
            owners.setdefault(example.text, set()).add(example.label)
    return {text: next(iter(classes)) for text, classes in owners.items() if len(classes) == 1}
