"""Reads flow files. Nothing that is not supported is passed over: every fault is told with file and line."""

from bot.flows.reading.definitions import read_definitions
from bot.flows.reading.documents import UnreadableDocument, flow_from_document
from bot.flows.reading.faults import FlowFault, FlowFaults
from bot.flows.reading.gathering import Source

__all__ = ["FlowFault", "FlowFaults", "Source", "UnreadableDocument", "flow_from_document", "read_definitions"]
