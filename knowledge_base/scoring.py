"""How much a sentence speaks for each class, added up from parts prepared beforehand."""

import numpy as np
import numpy.typing as npt

from knowledge_base.vectors import Met, VectorSpace

Floats = npt.NDArray[np.float32]


class Scoring:
    """A class's score is the sum over all landmarks of the sentence's likeness times what that landmark counts for it.

    Going through all landmarks means reading a megabyte per message, which costs more than the sums and drives
    everything else out of the processor's cache. But a feature adds the same to the scores of every sentence that has
    it: for the features that most landmarks have, as many as there are landmarks, that is added up once. The others
    have few landmarks each, which are gone through.
    """

    def __init__(self, space: VectorSpace, weights: Floats) -> None:
        """Take the space of the landmarks, and by landmark and class what a likeness counts for."""
        self._landmarks = space.landmarks
        self._prepared = min(space.features, space.landmarks)
        sums = np.zeros((self._prepared, weights.shape[1]), dtype=np.float32)
        for feature in range(self._prepared):
            landmarks, shares = space.having(feature)
            sums[feature] = shares @ weights[landmarks]
        self._rows: Floats = np.concatenate((weights, sums), dtype=np.float32)

    def scores(self, met: Met) -> Floats:
        """The score of each class."""
        is_prepared = met.features < self._prepared
        singly = (~is_prepared).repeat(met.counts)
        rows = np.concatenate((met.landmarks[singly], met.features[is_prepared] + self._landmarks))
        shares = np.concatenate((met.shares[singly], met.weights[is_prepared]))
        scores: Floats = shares @ self._rows[rows]
        return scores / np.float32(met.length)
