"""Whether the flow files can be used as they are now; a server with faulty ones goes on with those before."""

import asyncio
from pathlib import Path

from bot.checkup.part import Part
from bot.flows.catalogue import OURS
from bot.flows.checking import check_definitions
from bot.flows.reading import FlowFault, FlowFaults, read_definitions
from bot.handlers.surroundings import surroundings
from bot.settings import Settings


async def check_flows(settings: Settings) -> Part:
    """Reads the files anew; names the first fault by file and line."""
    own = settings.flows.folder_in_use
    try:
        definitions = await asyncio.to_thread(read_definitions, OURS, *([own] if own else []))
    except FlowFaults as faults:
        return _faulty(faults.faults)
    checked = await asyncio.to_thread(check_definitions, definitions, surroundings(settings.actions.remote_names))
    # As at a start: what only a check finds in our own files keeps nobody's house closed.
    if theirs := tuple(fault for fault in checked.faults if OURS not in Path(fault.file).parents):
        return _faulty(theirs)
    values = {"count": len(definitions.flows), "version": definitions.content_hash[:12]}
    return Part("flows", "ok", "flows_own" if own else "flows_ok", {**values, "folder": str(own)})


def _faulty(faults: tuple[FlowFault, ...]) -> Part:
    return Part(
        "flows", "failed", "flows_faulty", {"count": len(faults), "first": f"{faults[0].file}:{faults[0].line}"}
    )
