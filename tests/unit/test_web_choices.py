"""Which taps the web channel takes: every payload of a flow's button, and nothing that is none."""

import pytest

from bot.channels.base import BadInbound
from bot.channels.web.parse import parse_send


@pytest.mark.parametrize(
    "choice",
    ["person", "skip", "start(open_complaint)", "SetSlots(size=特大 (XL), sure=true)", "article(a-1)", "article:a-1"],
)
def test_a_flow_s_button_may_be_tapped(choice: str) -> None:
    assert parse_send({"client_msg_id": "m", "choice": choice}, 100).choice == choice


@pytest.mark.parametrize(
    "choice", ["", "SetSlots(", "SetSlots()", "start(a", "a b", "start(\n)", "start(" + "x" * 201 + ")"]
)
def test_what_is_no_payload_is_refused(choice: str) -> None:
    with pytest.raises(BadInbound):
        parse_send({"client_msg_id": "m", "choice": choice}, 100)
