"""Which answer a question is about: trained on examples, asked with a question, evidence per candidate returned."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge_base import softmax
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

    classes: Labels
    evidence: Floats


class Training:
    """What a matcher learns from, and what trials need to hold parts of it out; large, and dropped after the build.

    The answers are classes 0..classes-1; one class more, the background, stands for what is none of them.
    """

    def __init__(self, examples: Sequence[Features], labels: Sequence[int], background: Sequence[Features]) -> None:
        """Take the examples, at least one, and their class numbers; each class up to the highest needs an example."""
        self.classes = max(labels) + 1
        everything = [*examples, *background]
        classes = [*labels, *[self.classes] * len(background)]
        order = _landmarks_first(classes)
        self.landmarks = min(MAX_LANDMARKS, len(order))
        self.labels: Labels = np.array(classes, dtype=np.int64)[order]
        self.sentences = [everything[number] for number in order]
        self.space = VectorSpace(self.sentences, self.landmarks)
        self.likenesses: Floats = np.stack([self.space.similarities(each) for each in self.sentences])
        self.coordinates = softmax.LandmarkSpace(self.likenesses)

    def matcher(self) -> "Matcher":
        """A matcher that has learned everything."""
        solution = softmax.fit(self.coordinates.points, self.labels, self.classes + 1)
        groups = Groups(self.labels[: self.landmarks], self.classes)
        return Matcher(self.space, self.coordinates.weights(solution), groups)


class Matcher:
    """A trained classifier; immutable, safe to share between threads."""

    def __init__(self, space: VectorSpace, weights: Floats, groups: "Groups") -> None:
        """Take the space of the landmarks, and by landmark and class what a likeness counts for."""
        self._space = space
        self._weights = weights
        self._groups = groups

    def candidates(self, question: Features, limit: int) -> Candidates:
        """The ``limit`` most likely answers to a question."""
        likenesses = self._space.similarities(question)
        return weigh(likenesses @ self._weights, self._groups.best(likenesses), length_of(question), limit)


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


def weigh(scores: Floats, best_likeness: Floats, length: int, limit: int) -> Candidates:
    """The evidence for the ``limit`` best-scored answers; the last score is the background's."""
    answers = scores[:-1]
    count = min(limit, len(answers))
    if len(answers) > count:
        head = np.argpartition(-answers, count)[: count + 1]
        head = head[np.argsort(-answers[head], kind="stable")]
    else:
        head = np.argsort(-answers, kind="stable")
    top = head[:count]
    best, second = answers[head[0]], answers[head[1]] if len(head) > 1 else scores[-1]
    runner_up = np.where(np.arange(count) == 0, second, best)
    alike_order = np.argsort(-best_likeness, kind="stable")[:2]
    most_alike = best_likeness[alike_order[0]]
    next_alike = best_likeness[alike_order[-1]] if len(alike_order) > 1 else np.float32(0)
    rivals = np.where(top == alike_order[0], next_alike, most_alike)
    shifted = scores - scores.max()
    total = np.exp(shifted).sum()
    own = np.exp(shifted[top])
    with np.errstate(divide="ignore"):
        odds = np.log(own) - np.log(np.maximum(total - own, 0.0))
    evidence = np.empty((count, len(EVIDENCE)), dtype=np.float32)
    evidence[:, 0] = np.clip(odds, -_MOST_CERTAIN, _MOST_CERTAIN)
    evidence[:, 1] = answers[top] - runner_up
    evidence[:, 2] = best_likeness[top]
    evidence[:, 3] = best_likeness[top] - rivals
    evidence[:, 4] = np.log1p(length)
    evidence[:, 5] = 1.0
    return Candidates(top.astype(np.int64), evidence)


def length_of(question: Features) -> int:
    """How many different Chinese characters and words the question has."""
    return sum(1 for feature in question if feature[0] in "cw")


def _landmarks_first(classes: Sequence[int]) -> list[int]:
    """The examples' order: landmarks spread evenly over the classes and sorted by class, then the others."""
    shuffled = random.Random(0).sample(range(len(classes)), len(classes))  # noqa: S311 - a fixed shuffle
    seen: dict[int, int] = {}
    ranked: list[tuple[int, int]] = []
    for number in shuffled:
        seen[classes[number]] = seen.get(classes[number], 0) + 1
        ranked.append((seen[classes[number]], number))
    ordered = [number for _, number in sorted(ranked)]
    landmarks = sorted(ordered[:MAX_LANDMARKS], key=lambda number: classes[number])
    return landmarks + ordered[MAX_LANDMARKS:]
