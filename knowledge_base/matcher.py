"""Which answer a question is about: trained on examples, asked with a question, evidence per candidate returned."""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge_base import softmax
from knowledge_base.scoring import Scoring
from knowledge_base.vectors import VectorSpace

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Features = Mapping[str, int]

MAX_LANDMARKS: Final = 3000
EVIDENCE: Final = ("odds", "margin", "likeness", "lead", "length", "bias")
"""What is known of a candidate: logarithm of its odds; its score's distance from the best other one; its most alike
example's cosine; how far that is ahead of other answers' examples; logarithm of the question's length; one."""
_MOST_CERTAIN: Final = 13.0


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best answers, best first: their class numbers, and for each a row of :data:`EVIDENCE`."""

    classes: list[int]
    evidence: list[tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best answers and the best wishes (``None`` where none are known).

    ``lead`` is the logarithm of the odds of the best wish against the best answer: above 0 the wish is likelier.
    """

    answers: Candidates
    wishes: Candidates | None
    lead: float


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and the class it is of. Examples of one ``wording`` are the same sentence written otherwise."""

    text: str
    features: Features
    label: int
    wording: int
    is_question: bool = True
    """Whether a customer might ask it; an answer's text teaches too, but is no question to try oneself on."""


class Training:
    """What a matcher learns from, and what trials need to hold parts of it out; large, and dropped after the build.

    The answers are classes 0..classes-1; one class more, the background, stands for what is none of them.
    """

    def __init__(self, examples: Sequence[Example], classes: int, wishes: int = 0) -> None:
        """Take the examples, at least one of each class; those of the background have the label ``classes``.

        The last ``wishes`` classes are wishes, which are weighed apart from the answers.
        """
        self.classes = classes
        self.wishes = wishes
        self.examples = _landmarks_first(examples)
        self.landmarks = min(MAX_LANDMARKS, len(examples))
        self.labels: Labels = np.array([example.label for example in self.examples], dtype=np.int64)
        sentences = [example.features for example in self.examples]
        self.space = VectorSpace(sentences, self.landmarks)
        self.likenesses: Floats = np.stack([self.space.similarities(each) for each in sentences])
        self.coordinates = softmax.LandmarkSpace(self.likenesses)

    def matcher(self) -> "Matcher":
        """A matcher that has learned everything."""
        solution = softmax.fit(self.coordinates.points, self.labels, self.classes + 1)
        groups = Groups(self.labels[: self.landmarks], self.classes)
        scoring = Scoring(self.space, self.coordinates.weights(solution))
        return Matcher(self.space, scoring, groups, self.wishes)


class Matcher:
    """A trained classifier; immutable, safe to share between threads."""

    def __init__(self, space: VectorSpace, scoring: Scoring, groups: "Groups", wishes: int) -> None:
        """Take the space of the landmarks, and what they count for and belong to."""
        self._space = space
        self._scoring = scoring
        self._groups = groups
        self._wishes = wishes

    def compare(self, question: Features, limit: int) -> "Comparison":
        """The ``limit`` most likely answers to a message, and the wishes, each kind by itself."""
        met = self._space.meet(question)
        scores, best = self._scoring.scores(met), self._groups.best(self._space.likenesses(met))
        length, answers = length_of(question), len(best) - self._wishes
        asked = weigh(*part(scores, best, self._wishes, of_wishes=False), length, limit)
        if not self._wishes:
            return Comparison(asked, None, 0.0)
        wanted = weigh(*part(scores, best, self._wishes, of_wishes=True), length, limit)
        lead = scores[answers:-1].max() - (scores[:answers].max() if answers else scores[-1])
        wishes = [answers + label for label in wanted.classes]
        return Comparison(asked, Candidates(wishes, wanted.evidence), float(lead))


class Groups:
    """The landmarks by class: they lie next to each other."""

    def __init__(self, labels: Labels, classes: int) -> None:
        """Take the class of each landmark, in ascending order; the background's are left aside."""
        self._end = int(np.searchsorted(labels, classes))
        self._present, self._starts = np.unique(labels[: self._end], return_index=True)
        self._classes = classes

    def best(self, likenesses: Floats) -> Floats:
        """For each answer the greatest of its landmarks' likenesses; 0 for an answer without a landmark."""
        best = np.zeros(self._classes, dtype=np.float32)
        if self._end:
            best[self._present] = np.maximum.reduceat(likenesses[: self._end], self._starts)
        return best


def part(scores: Floats, best: Floats, wishes: int, *, of_wishes: bool) -> tuple[Floats, Floats]:
    """The scores (the background's last) and best likenesses of the wishes alone, or of the answers alone.

    A softmax does not care which classes are left out, so either part is what it would be without the other.
    """
    answers = len(best) - wishes
    if of_wishes:
        return scores[answers:], best[answers:]
    return (scores, best) if not wishes else (np.concatenate((scores[:answers], scores[-1:])), best[:answers])


def weigh(scores: Floats, best_likeness: Floats, length: int, limit: int) -> Candidates:
    """The evidence for the ``limit`` best-scored answers; the last score is the background's."""
    answers, background = scores[:-1], float(scores[-1])
    if not len(answers):
        return Candidates([], [])
    head = _greatest(answers, limit + 1)
    best, second = head[0][1], head[1][1] if len(head) > 1 else background
    (alike, most_alike), *others = _greatest(best_likeness, 2)
    next_alike = others[0][1] if others else 0.0
    highest = max(best, background)
    total = float(np.exp(scores - highest).sum())
    evidence: list[tuple[float, ...]] = []
    for label, score in head[:limit]:
        likeness = float(best_likeness[label])
        lead = likeness - (next_alike if label == alike else most_alike)
        margin = score - (second if label == head[0][0] else best)
        evidence.append((_log_odds(math.exp(score - highest), total), margin, likeness, lead, math.log1p(length), 1.0))
    return Candidates([label for label, _ in head[:limit]], evidence)


def _greatest(values: Floats, count: int) -> list[tuple[int, float]]:
    """The places of the ``count`` greatest values and these values, the greatest first."""
    if count < len(values):
        places = values.argpartition(-count)[-count:]
        found = list(zip(places.tolist(), values[places].tolist(), strict=True))
    else:
        found = list(enumerate(values.tolist()))
    return sorted(found, key=lambda each: (-each[1], each[0]))


def _log_odds(own: float, total: float) -> float:
    others = total - own
    if own <= 0.0 or others <= 0.0:
        return _MOST_CERTAIN if own > 0.0 else -_MOST_CERTAIN
    return min(_MOST_CERTAIN, max(-_MOST_CERTAIN, math.log(own / others)))


def length_of(question: Features) -> int:
    """How many different Chinese characters and words the question has."""
    return sum([feature[0] in "cwt" for feature in question])


def _landmarks_first(examples: Sequence[Example]) -> list[Example]:
    """The examples reordered: landmarks spread evenly over the classes and sorted by class, then the others."""
    seen: Counter[int] = Counter()
    ranked: list[tuple[int, int, Example]] = []
    for number, example in enumerate(random.Random(0).sample(examples, len(examples))):  # noqa: S311 - a fixed shuffle
        seen[example.label] += 1
        ranked.append((seen[example.label], number, example))
    ordered = [example for _, _, example in sorted(ranked, key=lambda rank: rank[:2])]
    landmarks = sorted(ordered[:MAX_LANDMARKS], key=lambda example: example.label)
    return landmarks + ordered[MAX_LANDMARKS:]
