"""What of the customer's own words a slot takes is read, kept with the flow, and leaves the hash of others alone."""

from pathlib import Path

from bot.flows.model import Slot
from bot.flows.reading import flow_from_document, read_definitions
from bot.flows.reading.documents import slot_document

OURS = read_definitions(Path(__file__).parents[3] / "bot" / "flows" / "definitions")


def test_the_slots_of_stories_and_messages_are_marked() -> None:
    names = ("complaint_matter", "person_message", "service_fault", "service_reason", "case_phone")
    assert [OURS.slots[name].takes for name in names] == ["everything", "everything", "story", "words", ""]


def test_it_is_kept_with_a_stored_flow() -> None:
    again = flow_from_document(OURS.flows["open_complaint"].document)
    assert again.slots["complaint_matter"].takes == "everything"
    assert "takes" not in slot_document(Slot("a", "text")), "the hash of flows without it stays what it was"
