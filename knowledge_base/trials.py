"""How a matcher would have done on questions it has not seen: its examples held out in turn, and whole answers too.

An answer held out whole makes its examples questions that the knowledge base cannot answer but that sound as if it
could: the hard kind to refuse. Background sentences held out are the easy kind.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge_base import softmax
from knowledge_base.calibration import Trials
from knowledge_base.features import has_chinese
from knowledge_base.matcher import Candidates, Groups, Training, length_of, part, weigh

Flags = npt.NDArray[np.bool_]

_FOLDS: Final = 5
_FOLDS_TRIED: Final = ((1_500, 5), (3_000, 2))
"""Up to so many examples so many folds are tried; beyond, one has questions enough."""
_SHARE: Final = {"answerable": 0.7, "left out": 0.15, "background": 0.15}
"""How often each kind of question is assumed to come; they settle how careful the calibration is."""
_CANDIDATES: Final = 3
_LATER_CANDIDATE: Final = 0.3
"""The weight of a second or third candidate beside the first."""


@dataclass(frozen=True, slots=True)
class _Trial:
    kind: str
    label: int
    candidates: Candidates
    of_wishes: bool


def hold_out(training: Training) -> tuple[Trials, Trials | None]:
    """Trials of one training, the same each time; none answerable where every answer has a single example.

    The second are those of its wishes, for which an article's question is as foreign as one of the background.
    """
    shuffle = random.Random(1)  # noqa: S311 - a fixed shuffle
    answer_folds = np.array([*(shuffle.randrange(_FOLDS) for _ in range(training.classes)), -1])
    wordings = sorted({example.wording for example in training.examples})
    fold_of = dict(zip(shuffle.sample(wordings, len(wordings)), _rounds(len(wordings)), strict=True))
    wording_folds = np.array([fold_of[example.wording] for example in training.examples])
    questions = np.array([example.is_question for example in training.examples])
    tried = next((folds for limit, folds in _FOLDS_TRIED if len(training.examples) <= limit), 1)
    trials: list[_Trial] = []
    for fold in range(tried):
        left_out = answer_folds[training.labels] == fold
        trials.extend(_try(training, left_out | ((wording_folds == fold) & questions), left_out))
    asked = [trial for trial in trials if not trial.of_wishes]
    wanted = [trial for trial in trials if trial.of_wishes]
    return _as_trials(asked), _as_trials(wanted) if training.wishes else None


def _rounds(count: int) -> Iterator[int]:
    return (number % _FOLDS for number in range(count))


def _try(training: Training, held: Flags, left_out: Flags) -> Iterator[_Trial]:
    """Learn from what is not held out, and ask what is."""
    points, labels, kept = training.coordinates.points, training.labels, ~held
    solution = softmax.fit(points[kept], labels[kept], training.classes + 1)
    scores = points[held] @ solution
    scores[:, np.setdiff1d(np.arange(training.classes), labels[kept])] = -np.inf
    shown = kept[: training.landmarks]
    groups = Groups(labels[: training.landmarks][shown], training.classes)
    taught = {
        (example.label, has_chinese(example.text))
        for example, is_kept in zip(training.examples, kept, strict=True)
        if is_kept and example.is_question
    }
    for row, score in zip(np.flatnonzero(held), scores, strict=True):
        example = training.examples[row]
        if not example.is_question:
            continue
        best = groups.best(training.likenesses[row][shown])
        length = length_of(example.features)
        answers = training.classes - training.wishes
        foreign, wanted = example.label == training.classes, answers <= example.label < training.classes
        for of_wishes in (False, True) if training.wishes else (False,):
            if foreign or (of_wishes and not wanted):
                kind, label = "background", -1
            elif wanted and not of_wishes:  # whether an article may answer a wish is not asked
                continue
            elif left_out[row]:
                kind, label = "left out", -1
            elif (example.label, has_chinese(example.text)) in taught:
                kind, label = "answerable", example.label - answers * of_wishes
            else:
                continue
            candidates = weigh(*part(score, best, training.wishes, of_wishes=of_wishes), length, _CANDIDATES)
            yield _Trial(kind, label, candidates, of_wishes)


def _as_trials(trials: list[_Trial]) -> Trials:
    number_of = {kind: sum(trial.kind == kind for trial in trials) for kind in _SHARE}
    rows: list[tuple[float, ...]] = []
    right: list[float] = []
    weight: list[float] = []
    first: list[bool] = []
    answerable: list[bool] = []
    for trial in trials:
        for rank, (answer, row) in enumerate(zip(trial.candidates.classes, trial.candidates.evidence, strict=True)):
            if not all(map(math.isfinite, row)):
                continue
            rows.append(row)
            right.append(float(answer == trial.label))
            weight.append(_SHARE[trial.kind] / number_of[trial.kind] * (1.0 if rank == 0 else _LATER_CANDIDATE))
            first.append(rank == 0)
            answerable.append(trial.kind == "answerable")
    flags = (np.array(each, dtype=np.bool_) for each in (first, answerable))
    return Trials(np.array(rows, dtype=np.float64), np.array(right), np.array(weight), *flags)
