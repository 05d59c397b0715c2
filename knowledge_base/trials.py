"""How a matcher would have done on questions it has not seen: its examples held out in turn, and whole answers too.

An answer held out whole makes its examples questions that the knowledge base cannot answer but that sound as if it
could: the hard kind to refuse. Background sentences held out are the easy kind.
"""

import random
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge_base import softmax
from knowledge_base.calibration import Trials
from knowledge_base.matcher import Candidates, Groups, Labels, Training, length_of, weigh

Flags = npt.NDArray[np.bool_]

FOLDS: Final = 5
_SMALL: Final = 1500
_MEDIUM: Final = 4000
_SHARE: Final = {"answerable": 0.7, "left out": 0.15, "background": 0.15}
"""How often each kind of question is assumed to come; they settle how careful the calibration is."""
_CANDIDATES: Final = 3
_LATER_CANDIDATE: Final = 0.3


def hold_out(training: Training) -> Trials | None:
    """The trials of one training, deterministic; ``None`` where no answer has a second example to try with."""
    counts = np.bincount(training.labels, minlength=training.classes + 1)
    if not (counts[:-1] > 1).any():
        return None
    shuffle = random.Random(1)  # noqa: S311 - a fixed shuffle
    class_fold = np.array([*(shuffle.randrange(FOLDS) for _ in range(training.classes)), -1])
    row_fold = _spread(training.labels, shuffle)
    rows = len(training.labels)
    collected: list[tuple[str, int, Candidates]] = []
    for fold in range(FOLDS if rows <= _SMALL else 2 if rows <= _MEDIUM else 1):
        left_out = (class_fold == fold)[training.labels]
        held = left_out | ((row_fold == fold) & (counts[training.labels] > 1))
        collected.extend(_try(training, held, left_out))
    return _as_trials(collected)


def _spread(labels: Labels, shuffle: random.Random) -> Labels:
    """A fold for each row, each class's rows spread evenly over them."""
    folds = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        offset = shuffle.randrange(FOLDS)
        folds[shuffle.sample(list(rows), len(rows))] = (np.arange(len(rows)) + offset) % FOLDS
    return folds


def _try(training: Training, held: Flags, left_out: Flags) -> list[tuple[str, int, Candidates]]:
    points, labels = training.coordinates.points, training.labels
    kept = ~held
    solution = softmax.fit(points[kept], labels[kept], training.classes + 1)
    scores = points[held] @ solution
    absent = np.setdiff1d(np.arange(training.classes), labels[kept])
    scores[:, absent] = -np.inf
    shown = kept[: training.landmarks]
    groups = Groups(labels[: training.landmarks][shown], training.classes)
    tried = []
    for row, score in zip(np.flatnonzero(held), scores, strict=True):
        best = groups.best(training.likenesses[row][shown])
        candidates = weigh(score, best, length_of(training.sentences[row]), _CANDIDATES)
        label = int(labels[row])
        kind = "background" if label == training.classes else "left out" if left_out[row] else "answerable"
        tried.append((kind, label if kind == "answerable" else -1, candidates))
    return tried


def _as_trials(collected: list[tuple[str, int, Candidates]]) -> Trials:
    number_of = {kind: sum(1 for found, _, _ in collected if found == kind) for kind in _SHARE}
    evidence, right, weight, first = [], [], [], []
    for kind, label, candidates in collected:
        for rank, (answer, row) in enumerate(zip(candidates.classes, candidates.evidence, strict=True)):
            if not np.isfinite(row).all():
                continue
            evidence.append(row)
            right.append(float(answer == label))
            weight.append(_SHARE[kind] / number_of[kind] * (1.0 if rank == 0 else _LATER_CANDIDATE))
            first.append(rank == 0 and kind == "answerable")
    return Trials(
        np.array(evidence, dtype=np.float64), np.array(right), np.array(weight), np.array(first, dtype=np.bool_)
    )
