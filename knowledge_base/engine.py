"""Ranking articles for a question: the trained matcher, its calibration, and what is known word for word."""

import re
from collections.abc import Sequence
from typing import Final

from knowledge_base.articles import Article
from knowledge_base.background import everyday_sentences
from knowledge_base.calibration import Calibration, Thresholds, calibrate
from knowledge_base.features import analyse, analyse_normalised, is_bare
from knowledge_base.matcher import MAX_LANDMARKS, Example, Features, Matcher, Training
from knowledge_base.normalise import normalise
from knowledge_base.trials import hold_out
from knowledge_base.vectors import VectorSpace

_BACKGROUND_LOOKALIKE: Final = 0.55
"""A background sentence more alike than this to an example is the company's business after all, and is left out."""
_VERBATIM: Final = 0.99
"""The confidence of an article when the question is one of its examples, sign by sign."""


_DOUBT: Final = 0.01
"""How far below an answer a question of a single word stays: "refund" may be about how, when or where to."""
_LINK_TARGET: Final = re.compile(r"\]\([^)]*\)")
_COMPARED: Final = 3
"""Even where one article is wanted, the first few are weighed against each other."""


class Engine:
    """Immutable and shared between threads; :meth:`train` makes one."""

    def __init__(
        self,
        names: Sequence[str],
        matcher: Matcher,
        calibration: Calibration,
        verbatim: dict[str, int],
        small_talk: frozenset[str],
    ) -> None:
        """Take the parts; ``names`` are the articles' ids by class number."""
        self._names = names
        self._matcher = matcher
        self._calibration = calibration
        self._verbatim = verbatim
        self._small_talk = small_talk
        self.answer_from = calibration.answer_from
        """The confidence from which an article is sure enough to be given as the answer."""

    @classmethod
    def train(cls, articles: Sequence[Article], thresholds: Thresholds) -> "Engine | None":
        """Learn the articles' examples; ``None`` when there is none to learn from."""
        known, names = _examples(articles)
        if not known:
            return None
        foreign = _sentences_foreign_to([example.features for example in known])
        strangers = [Example(text, analyse(text), len(names), -number) for number, text in enumerate(foreign, 1)]
        training = Training([*known, *strangers], len(names))
        return cls(
            names,
            training.matcher(),
            calibrate(hold_out(training), thresholds),
            _unambiguous(known),
            frozenset(normalise(text) for text in foreign),
        )

    def rank(self, text: str, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` articles most likely meant and the probability of each, best first; none for small talk.

        A question that is one article's example sign by sign is that article's; nothing else is weighed.
        """
        plain = normalise(text)
        if plain in self._small_talk:
            return []
        exact = self._verbatim.get(plain)
        if exact is not None:
            return [(self._names[exact], _VERBATIM)]
        features = analyse_normalised(plain)
        if not features:
            return []
        candidates = self._matcher.candidates(features, max(limit, _COMPARED))
        confidence = self._calibration.confidence(candidates.evidence)
        if is_bare(features):
            confidence = confidence.clip(max=max(0.0, self.answer_from - _DOUBT))
        ranked = dict(zip(candidates.classes.tolist(), confidence.tolist(), strict=True))
        best_first = sorted(ranked.items(), key=lambda pair: -pair[1])
        return [(self._names[label], sure) for label, sure in best_first[:limit]]


def _examples(articles: Sequence[Article]) -> tuple[list[Example], list[str]]:
    """Each different example once per article, the answers' texts as weak ones, and the articles' ids by class."""
    examples: list[Example] = []
    names: list[str] = []
    number = 0
    for article in articles:
        seen = {""}
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
        if len(seen) > 1:
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
