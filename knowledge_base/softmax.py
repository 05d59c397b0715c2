"""A multinomial logistic regression over similarities to landmark sentences, solved with numpy alone.

The landmarks span a space (Nyström's approximation; exact when every example is a landmark). In it each step is
preconditioned by Böhning's bound on the curvature, which needs one inverse for the whole run, and accelerated by
Nesterov's momentum. A first step from zero is ridge regression, so with a small budget of arithmetic the result
degrades to that and never fails to arrive.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Matrix = npt.NDArray[Any]

RIDGE: Final = 0.03
MAX_STEPS: Final = 40
BUDGET: Final = 4e11
"""Multiplications one fit may cost: some ten seconds on one core, reached by ten thousand sentences."""
_SMALL: Final = 128
"""So small a matrix is inverted at once."""


class LandmarkSpace:
    """Coordinates of sentences by their similarity to landmarks: an inner product there is a cosine here."""

    def __init__(self, similarities: Floats) -> None:
        """Take the similarity of each sentence (rows) to each landmark; the first rows are the landmarks."""
        count = similarities.shape[1]
        among = similarities[:count].astype(np.float64)
        among[np.diag_indices(count)] += 1e-3
        lower = np.linalg.cholesky((among + among.T) / 2)
        self._to_space: Floats = _invert_triangle(lower).T.astype(np.float32)
        self.points: Floats = similarities @ self._to_space

    def weights(self, solution: Floats) -> Floats:
        """What to multiply a row of similarities to the landmarks with to get each class's score."""
        return self._to_space @ solution


def fit(points: Floats, labels: Labels, classes: int, budget: float = BUDGET) -> Floats:
    """The weights (dimensions by classes) that best tell apart the classes which ``labels`` give each row."""
    rows, width = points.shape
    wanted = np.zeros((rows, classes), dtype=np.float32)
    wanted[np.arange(rows), labels] = 1.0
    # What is learned is always a sum of the rows. With fewer rows than dimensions, each row's share in it is sought
    # instead: the same steps in smaller matrices, and one product less in each.
    by_rows = rows <= width
    products: Floats = points @ points.T if by_rows else points.T @ points
    curvature = 0.5 * products
    curvature[np.diag_indices(len(curvature))] += RIDGE
    to_step: Floats = _invert_positive(curvature)
    cost = classes * width * (2 * rows + width)
    current = ahead = np.zeros((len(curvature), classes), dtype=np.float32)
    momentum = 1.0
    for _ in range(int(np.clip(budget / cost, 1, MAX_STEPS))):
        excess = softmax((products if by_rows else points) @ ahead) - wanted
        gradient = (excess if by_rows else points.T @ excess) + RIDGE * ahead
        following = ahead - to_step @ gradient
        next_momentum = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        ahead = following + np.float32((momentum - 1) / next_momentum) * (following - current)
        current, momentum = following, next_momentum
    return points.T @ current if by_rows else current


def softmax(scores: Floats) -> Floats:
    """Each row as probabilities that sum to one."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return result


def _invert_positive(matrix: Matrix) -> Matrix:
    """The inverse of a symmetric positive definite matrix; three times as fast as the inverse of just any."""
    inverse = _invert_triangle(np.linalg.cholesky(matrix))
    return inverse.T @ inverse


def _invert_triangle(lower: Matrix) -> Matrix:
    """The inverse of a lower triangular matrix, by halves: numpy has none that knows of the zeros above."""
    count = len(lower)
    if count <= _SMALL:
        return np.linalg.inv(lower)
    half = count // 2
    inverse = np.zeros_like(lower)
    first = inverse[:half, :half] = _invert_triangle(lower[:half, :half])
    second = inverse[half:, half:] = _invert_triangle(lower[half:, half:])
    inverse[half:, :half] = -(second @ (lower[half:, :half] @ first))
    return inverse
