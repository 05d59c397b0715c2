"""Ranking articles for a question: the trained matcher, its calibration, and what is known word for word."""

from collections.abc import Sequence
from typing import Final

from knowledge_base.articles import Article
from knowledge_base.background import everyday_sentences
from knowledge_base.calibration import Calibration, Thresholds, calibrate
from knowledge_base.features import analyse
from knowledge_base.matcher import MAX_LANDMARKS, Features, Matcher, Training
from knowledge_base.normalise import normalise
from knowledge_base.trials import hold_out
from knowledge_base.vectors import VectorSpace

_BACKGROUND_LOOKALIKE: Final = 0.55
"""A background sentence more alike than this to an example is the company's business after all, and is left out."""
_VERBATIM: Final = 0.99
"""The confidence of an article when the question is one of its examples, sign by sign."""


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
        texts, labels, names = _labelled_examples(articles)
        if not texts:
            return None
        examples = [analyse(text) for text in texts]
        foreign = _sentences_foreign_to(examples)
        training = Training(examples, labels, [analyse(text) for text in foreign])
        return cls(
            names,
            training.matcher(),
            calibrate(hold_out(training), thresholds),
            _unambiguous(texts, labels),
            frozenset(normalise(text) for text in foreign),
        )

    def rank(self, text: str, limit: int) -> list[tuple[str, float]]:
        """The ``limit`` articles most likely meant and the probability of each, best first; none for small talk."""
        plain = normalise(text)
        if plain in self._small_talk:
            return []
        features = analyse(text)
        if not features:
            return []
        candidates = self._matcher.candidates(features, max(limit, _COMPARED))
        confidence = self._calibration.confidence(candidates.evidence)
        ranked = dict(zip(candidates.classes.tolist(), confidence.tolist(), strict=True))
        exact = self._verbatim.get(plain)
        if exact is not None:
            ranked = {label: min(sure, 1 - _VERBATIM) for label, sure in ranked.items()} | {exact: _VERBATIM}
        best_first = sorted(ranked.items(), key=lambda pair: -pair[1])
        return [(self._names[label], sure) for label, sure in best_first[:limit]]


def _labelled_examples(articles: Sequence[Article]) -> tuple[list[str], list[int], list[str]]:
    """Each different example once per article, its class number, and the classes' article ids."""
    texts: list[str] = []
    labels: list[int] = []
    names: list[str] = []
    for article in articles:
        different = {normalise(text): text for text in article.examples()}
        different.pop("", None)
        if different:
            texts.extend(different.values())
            labels.extend([len(names)] * len(different))
            names.append(article.id)
    return texts, labels, names


def _sentences_foreign_to(examples: Sequence[Features]) -> list[str]:
    space = VectorSpace(examples, min(len(examples), MAX_LANDMARKS))
    return [text for text in everyday_sentences() if space.similarities(analyse(text)).max() < _BACKGROUND_LOOKALIKE]


def _unambiguous(texts: Sequence[str], labels: Sequence[int]) -> dict[str, int]:
    """The class of each example's normal form, where it is the example of one article only."""
    owners: dict[str, set[int]] = {}
    for text, label in zip(texts, labels, strict=True):
        owners.setdefault(normalise(text), set()).add(label)
    return {text: next(iter(classes)) for text, classes in owners.items() if len(classes) == 1}
