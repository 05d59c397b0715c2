"""The account of a crowd finds what is lost, doubled, out of order or in another's place, also where it cancels out."""

from uuid import UUID, uuid5

import pytest

from tests.integration.wechat_edge.crowd import Answer, compare

ONE, TWO = (uuid5(UUID(int=0), name) for name in ("one", "two"))
SENT = [
    Answer(0, {"text": "a"}, "sent", "passive", ONE),
    Answer(1, {"text": "b"}, "sent", "passive", TWO),
    Answer(2, {"text": "c"}, "sent", "service", None),
    Answer(3, {"text": "d"}, "unknown", "service", None),
    Answer(4, {"text": "e"}, "sent", "service", None),
]


@pytest.mark.parametrize(
    "others", [("c", "d", "e"), ("c", "e"), ("c\n\nd", "e"), ("c", "d\n\ne")], ids=["all", "unknown", "two", "last"]
)
def test_what_the_store_says_is_found_on_the_phone(others: tuple[str, ...]) -> None:
    shown = [(ONE, "a"), (TWO, "b"), *((None, words) for words in others)]
    assert compare(SENT, shown, in_order=True) == []


@pytest.mark.parametrize(
    ("shown", "faults"),
    [
        ([(ONE, "a"), (ONE, "a"), (None, "c"), (None, "e")], 2),
        ([(ONE, "b"), (TWO, "a"), (None, "c"), (None, "e")], 2),
        ([(ONE, "a"), (TWO, "b"), (None, "c"), (None, "c")], 2),
        ([(ONE, "a"), (TWO, "b"), (None, "e")], 3),
        ([(TWO, "b"), (ONE, "a"), (None, "c"), (None, "e")], 1),
    ],
    ids=["lost and doubled", "exchanged", "lost and doubled by itself", "lost", "out of order"],
)
def test_what_is_amiss_is_found(shown: list[tuple[UUID | None, str]], faults: int) -> None:
    assert len(compare(SENT, shown, in_order=True)) == faults


def test_answers_that_read_alike_prove_nothing() -> None:
    alike = [Answer(place, {"text": "a"}, "sent", "service", None) for place in range(3)]
    assert len(compare(alike, [(None, "a")] * 3, in_order=True)) == 1
