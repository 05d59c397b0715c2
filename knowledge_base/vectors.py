"""Sentences as weighted features, and how alike two of them are (the cosine, 0..1)."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from knowledge_base.features import KIND_WEIGHTS

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]

_LAST_KEY: Final = np.uint64(2**32)  # behind every checksum


class Met(NamedTuple):
    """A sentence's known features, and the landmarks that have them too."""

    features: Integers
    """Their numbers: the more sentences have a feature, the lower."""
    weights: Floats
    counts: npt.NDArray[np.int64]
    """How many landmarks have each feature."""
    landmarks: npt.NDArray[np.uint16]
    """One feature's landmarks after another's."""
    shares: Floats
    """What each of them adds to its likeness with the sentence, but for the sentence's length."""
    length: float
    """Of the sentence; unknown features count in it."""


class VectorSpace:
    """The example sentences of one index; immutable, safe to share between threads.

    A feature weighs more the rarer it is among all examples; only the first ``landmarks`` of them are compared with.
    A question's features that no example has count in its length too, so what the examples do not speak of lowers
    every similarity.
    """

    def __init__(self, sentences: Sequence[Mapping[str, int]], landmarks: int) -> None:
        """Take the features of each example sentence; similarities come back in the order of the landmarks."""
        self.size = len(sentences)
        self.landmarks = landmarks
        frequency: Counter[str] = Counter()
        for sentence in sentences:
            frequency.update(sentence.keys())
        ranked = frequency.most_common()
        # Features are known by their checksums: as strings in a dictionary they would be half of an index's memory.
        # Where two share one, which happens to one of a hundred thousand, they count as the same.
        keys = np.append(_keys_of([feature for feature, _ in ranked]), _LAST_KEY)
        order = np.argsort(keys)
        self._keys: Keys = keys[order]
        self._numbers: Integers = order.astype(np.int32)
        rarity = [self._weight(feature[0], count) for feature, count in ranked]
        self._weights: Floats = np.array(rarity, dtype=np.float32)
        self._unseen = {kind: self._weight(kind, 0) ** 2 for kind in KIND_WEIGHTS}
        self._index_postings(sentences[:landmarks])

    def _weight(self, kind: str, count: int) -> float:
        return KIND_WEIGHTS[kind] * (1.0 + math.log((1 + self.size) / (1 + count)))

    def _index_postings(self, sentences: Sequence[Mapping[str, int]]) -> None:
        """Store, feature by feature, the sentences that have it and its share of their unit length."""
        rows: list[npt.NDArray[np.uint16]] = []
        columns: list[Integers] = []
        values: list[Floats] = []
        for number, sentence in enumerate(sentences):
            ids, weights, _ = self._weigh(sentence)
            length = float(np.sqrt(weights @ weights)) or 1.0
            rows.append(np.full(len(ids), number, dtype=np.uint16))
            columns.append(ids)
            values.append(weights / length)
        column = np.concatenate(columns) if columns else np.empty(0, np.int32)
        order = np.argsort(column, kind="stable")
        counts = np.bincount(column, minlength=len(self._weights)) if len(column) else np.zeros(0, np.int64)
        self._starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._rows = np.concatenate(rows)[order] if rows else np.empty(0, np.uint16)
        self._values = np.concatenate(values)[order] if values else np.empty(0, np.float32)

    def _weigh(self, sentence: Mapping[str, int]) -> tuple[Integers, Floats, float]:
        """Ids and weights of the known features, and the squared weight of the unknown ones."""
        keys = _keys_of(sentence)
        places = self._keys.searchsorted(keys)  # none is behind the last key
        is_known = self._keys[places] == keys
        ids = self._numbers[places[is_known]]
        unknown = sum([self._unseen[feature[0]] for feature in compress(sentence, (~is_known).tolist())])
        weights: Floats = self._weights[ids]
        if max(sentence.values(), default=1) > 1:
            tallies = np.fromiter(sentence.values(), np.float32, len(sentence))[is_known]
            weights = weights * (1 + np.log(tallies))
        return ids, weights, unknown

    @property
    def features(self) -> int:
        """How many are known."""
        return len(self._weights)

    def having(self, feature: int) -> tuple[npt.NDArray[np.uint16], Floats]:
        """The landmarks that have a feature, and its share of the unit length of each."""
        its = slice(self._starts[feature], self._starts[feature + 1])
        return self._rows[its], self._values[its]

    def meet(self, sentence: Mapping[str, int]) -> Met:
        """Look up a sentence."""
        ids, weights, unknown = self._weigh(sentence)
        starts = self._starts[ids]
        counts = self._starts[ids + 1] - starts
        places = np.arange(int(counts.sum()))
        places += (starts - counts.cumsum() + counts).repeat(counts)
        shares = self._values[places]
        shares *= weights.repeat(counts)
        length = math.sqrt(float(weights @ weights) + unknown) or 1.0
        return Met(ids, weights, counts, self._rows[places], shares, length)

    def likenesses(self, met: Met) -> Floats:
        """A sentence's cosine with each landmark."""
        sums = np.bincount(met.landmarks, met.shares, self.landmarks)
        return (sums / met.length).astype(np.float32)

    def similarities(self, sentence: Mapping[str, int]) -> Floats:
        """As :meth:`likenesses`, of a sentence that was not looked up yet."""
        return self.likenesses(self.meet(sentence))


def _keys_of(features: Iterable[str]) -> Keys:
    return np.array([crc32(feature.encode("utf-8", "surrogatepass")) for feature in features], dtype=np.uint64)
