"""What reading does not refuse and is wrong all the same, or looks as if it were."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.flows.checking.names import Surroundings, check_names, check_overridden, check_used
from bot.flows.checking.paths import check_loops, check_steps
from bot.flows.checking.words import check_intents, check_responses
from bot.flows.model import Definitions
from bot.flows.reading.faults import Faults, FlowFault

__all__ = ["Checked", "Surroundings", "check_definitions", "faults_of"]


@dataclass(frozen=True, slots=True)
class Checked:
    """``faults`` keep the files from being used; ``warnings`` do not."""

    faults: tuple[FlowFault, ...]
    warnings: tuple[FlowFault, ...]


def check_definitions(definitions: Definitions, around: Surroundings) -> Checked:
    """Everything that can be told of flows without running them, by file and line."""
    faults, warnings = Faults(), Faults()
    for flow in definitions.flows.values():
        check_steps(flow, faults)
        check_names(flow, definitions, around, faults)
    check_loops(definitions, faults, warnings)
    check_responses(definitions, around, faults, warnings)
    check_intents(definitions, warnings)
    check_used(definitions, around, warnings)
    check_overridden(definitions, warnings)
    return Checked(_sorted(faults.found), _sorted(warnings.found))


def faults_of(definitions: Definitions, around: Surroundings) -> tuple[FlowFault, ...]:
    """What keeps these definitions from being used: for a catalogue."""
    return check_definitions(definitions, around).faults


def _sorted(found: Collection[FlowFault]) -> tuple[FlowFault, ...]:
    return tuple(sorted(set_of(found), key=lambda fault: (fault.file, fault.line, fault.code, fault.name)))


def set_of(found: Collection[FlowFault]) -> list[FlowFault]:
    """Each fault once."""
    return list({(fault.file, fault.line, fault.code, fault.name): fault for fault in found}.values())
