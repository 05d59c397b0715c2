"""What a written conversation expects is held against what was said."""

import pytest

from bot.flows.model import Response, Variant
from bot.rehearsal.conversations.comparing import Comparison
from bot.rehearsal.conversations.script import Expectation, NotUttered, Uttered, Utters
from bot.rehearsal.conversations.watching import Noted

HELLO = Response("utter_hello", (Variant({"en": "Hello {name}."}),))


def fault(expected: Expectation) -> str | None:
    return Comparison(Noted(replies=({"text": "Hello Li."},)), {"utter_hello": HELLO}).fault(expected)


def test_what_was_said_is_found_whatever_stands_for_its_values() -> None:
    assert fault(Utters("utter_hello")) is None
    assert fault(NotUttered(Uttered("utter_hello"))) == "'utter_hello' was said"


@pytest.mark.parametrize("expected", [Utters("utter_helo"), Uttered("utter_helo"), NotUttered(Uttered("utter_helo"))])
def test_a_response_that_there_is_not_is_told(expected: Expectation) -> None:
    assert fault(expected) == "there is no response utter_helo"
