"""From evidence to a probability: a logistic model that starts from fitted constants and learns from trials."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

import numpy as np
import numpy.typing as npt

from knowledge_base.matcher import EVIDENCE

Doubles = npt.NDArray[np.float64]

# Fitted once, on questions held out from two public English collections and two Chinese ones of our own, with 1 to 30
# examples per answer and with answers left out, so that it holds for a knowledge base too young for trials of its own.
PRIOR: Final = dict(
    zip(EVIDENCE, (0.318, 1.02, 1.485, 1.477, 0.68, -2.377), strict=True),
)
PRIOR_STRENGTH: Final = 50.0
_STEPS: Final = 50
_CLOSE_ENOUGH: Final = 1e-6
_ENOUGH_TRIALS: Final = 50


@dataclass(frozen=True, slots=True)
class Trials:
    """Candidates for questions whose answer is known, row by row: evidence, whether right (1 or 0), weight, whether
    it is its question's first candidate, and whether that question has an answer at all."""

    evidence: Doubles
    right: Doubles
    weight: Doubles
    first: npt.NDArray[np.bool_]
    answerable: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidences from which an article is given or offered, and the target for their choice.

    The confidence to answer from is chosen by trials so that ``wrong_rate`` of the answers given are wrong, within
    ``lowest`` and ``highest``: trials are harder than what customers ask, since they hold examples back. With too few
    trials it is ``untried``. From ``choices`` on articles are offered, beside the first one those from ``listed`` on.
    """

    wrong_rate: float = 0.045
    lowest: float = 0.4
    highest: float = 0.62
    untried: float = 0.62
    choices: float = 0.2
    listed: float = 0.06


@dataclass(frozen=True, slots=True)
class Calibration:
    """The fitted model and the confidence from which an answer is given."""

    answer_from: float
    coefficients: tuple[float, ...] = tuple(PRIOR.values())

    def confidence(self, evidence: Sequence[float]) -> float:
        """The probability (0..1) of a candidate to be the right one."""
        return 0.5 * (1.0 + math.tanh(0.5 * sum(map(mul, self.coefficients, evidence))))


def calibrate(trials: Trials, thresholds: Thresholds) -> Calibration:
    """Fit the model to the trials, held near the constants by :data:`PRIOR_STRENGTH`."""
    if int((trials.first & trials.answerable).sum()) < _ENOUGH_TRIALS:
        return Calibration(thresholds.untried)
    coefficients = _fit(trials)
    confidence = _sigmoid(trials.evidence @ coefficients)
    return Calibration(_threshold(trials, confidence, thresholds), tuple(coefficients.tolist()))


def _fit(trials: Trials) -> Doubles:
    """Newton's method, each step halved until it helps: nearly separable trials would throw a full step far off."""
    current = prior = np.array(list(PRIOR.values()))
    weight = trials.weight * (len(trials.weight) / trials.weight.sum())
    sign = 1 - 2 * trials.right

    def loss(at: Doubles) -> float:
        return float(
            weight @ np.logaddexp(0, sign * (trials.evidence @ at)) + PRIOR_STRENGTH / 2 * (at - prior) @ (at - prior)
        )

    reached = loss(current)
    for _ in range(_STEPS):
        expected = _sigmoid(trials.evidence @ current)
        gradient = trials.evidence.T @ (weight * (expected - trials.right)) + PRIOR_STRENGTH * (current - prior)
        spread = weight * expected * (1 - expected)
        curvature = (trials.evidence * spread[:, None]).T @ trials.evidence + PRIOR_STRENGTH * np.eye(len(prior))
        step = np.linalg.solve(curvature, gradient)
        while (following := loss(current - step)) > reached:
            step = step / 2
        current = current - step
        if reached - following < _CLOSE_ENOUGH:
            break
        reached = following
    return current


def _threshold(trials: Trials, confidence: Doubles, thresholds: Thresholds) -> float:
    """The lowest confidence above which the answers given, to questions that have one, are right often enough."""
    asked = trials.first & trials.answerable
    confidence, right = confidence[asked], trials.right[asked]
    order = np.argsort(-confidence)
    wrong_share = np.cumsum(1 - right[order]) / np.arange(1, len(order) + 1)
    acceptable = np.flatnonzero(wrong_share <= thresholds.wrong_rate)
    chosen = confidence[order[acceptable[-1]]] if len(acceptable) else thresholds.highest
    return float(np.clip(chosen, thresholds.lowest, thresholds.highest))


def _sigmoid(values: Doubles) -> Doubles:
    result: Doubles = 0.5 * (1.0 + np.tanh(0.5 * values))
    return result
