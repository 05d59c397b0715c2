"""The flows in force in a process: read from files, kept by hash for every process, replaced as a whole."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog

from bot.flows.model import Definitions, Flow
from bot.flows.reading import FlowFault, FlowFaults, UnreadableDocument, flow_from_document, read_definitions

log = structlog.get_logger(__name__)

OURS = Path(__file__).parent / "definitions"
OLDER_KEPT = 1000
"""Versions held in memory beside those in force; others are loaded again when a conversation needs them."""

Check = Callable[[Definitions], Sequence[FlowFault]]
"""What else keeps definitions from being used, beyond what reading refuses."""


class Documents(Protocol):
    """Where versions of flows are kept for all processes."""

    async def keep(self, documents: Iterable[tuple[str, Mapping[str, Any], str]]) -> int:
        """Writes (hash, document, file) where it is not there yet; how many were new."""
        ...

    async def load(self, content_hash: str) -> Mapping[str, Any] | None:
        """The document of a hash."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """Files as they were looked at: path, time of change and size of each."""

    files: tuple[tuple[str, int, int], ...]


class Catalogue:
    """Holds the current definitions and older versions of flows.

    ``current`` is replaced as a whole and only by definitions without fault whose versions are all kept: a turn that
    has taken it goes on with it, and another process can load what the turn's conversation names.
    """

    def __init__(self, folders: Sequence[Path], documents: Documents, check: Check = lambda _definitions: ()) -> None:
        """Nothing is read yet; ``folders`` in the order in which later ones override."""
        self._folders = tuple(folders)
        self._documents = documents
        self._check = check
        self._current: Definitions | None = None
        self._older: OrderedDict[str, Flow] = OrderedDict()
        self._by_hash: dict[str, Flow] = {}
        self._seen: Seen | None = None
        self.faults: tuple[FlowFault, ...] = ()
        """What is wrong with the files as they are now; ``current`` is then what they were before."""

    @property
    def current(self) -> Definitions:
        """The definitions in force. Raises :class:`RuntimeError` before :meth:`open`."""
        if self._current is None:
            raise RuntimeError("the flows have not been read")
        return self._current

    def flow(self, content_hash: str) -> Flow | None:
        """A version that is in memory, current or older."""
        return self._by_hash.get(content_hash) or self._older.get(content_hash)

    async def load(self, content_hash: str) -> Mapping[str, Any] | None:
        """The document of a version, from memory or from where all processes keep them."""
        flow = self.flow(content_hash)
        if flow is not None:
            return flow.document
        document = await self._documents.load(content_hash)
        if document is not None:
            self.remember(document)
        return document

    def remember(self, document: Mapping[str, Any]) -> Flow | None:
        """Holds an older version in memory; ``None`` when its document cannot be read any more."""
        try:
            flow = flow_from_document(document)
        except UnreadableDocument as fault:
            log.error("a stored flow cannot be read", fault=str(fault))
            return None
        self._put_aside(flow)
        return flow

    async def open(self) -> None:
        """Reads the files for the first time. Raises :class:`FlowFaults`, and what the database raises."""
        seen = await asyncio.to_thread(look, self._folders)
        definitions = await asyncio.to_thread(self._read)
        await self._take(definitions)
        self._seen = seen

    async def refresh(self) -> bool:
        """Reads the files if one has changed since the last look; whether the definitions were replaced.

        Files with faults leave the current definitions in force; the faults are logged and kept in ``faults``. An error
        of the database is raised, and the files are read again at the next look.
        """
        seen = await asyncio.to_thread(look, self._folders)
        if seen == self._seen:
            return False
        try:
            definitions = await asyncio.to_thread(self._read)
        except FlowFaults as faults:
            self.faults, self._seen = faults.faults, seen
            for fault in faults.faults:
                log.error("a flow file is wrong", file=fault.file, line=fault.line, fault=fault.text("en"))
            return False
        changed = self._current is None or definitions.content_hash != self._current.content_hash
        await self._take(definitions)
        self.faults, self._seen = (), seen
        if changed:
            log.info("flows replaced", flows=len(definitions.flows), version=definitions.content_hash[:12])
        return changed

    async def run(self, every_s: float = 2.0) -> None:
        """Refreshes for ever; an error is logged and tried again."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.refresh()
            except Exception as error:  # the database is away, or whatever: the definitions in force stay
                log.warning("flows could not be refreshed", error=type(error).__name__)

    def _read(self) -> Definitions:
        definitions = read_definitions(*self._folders)
        if faults := self._check(definitions):
            raise FlowFaults(faults)
        return definitions

    async def _take(self, definitions: Definitions) -> None:
        before = self._by_hash
        now = {flow.content_hash: flow for flow in definitions.flows.values()}
        new = [flow for flow in now.values() if flow.content_hash not in before]
        # Kept first: no conversation may begin on a version that no other process could load.
        await self._documents.keep((flow.content_hash, flow.document, Path(flow.source).name) for flow in new)
        for flow in before.values():
            if flow.content_hash not in now:
                self._put_aside(flow)
        self._by_hash, self._current = now, definitions

    def _put_aside(self, flow: Flow) -> None:
        self._older[flow.content_hash] = flow
        self._older.move_to_end(flow.content_hash)
        while len(self._older) > OLDER_KEPT:
            self._older.popitem(last=False)


def look(folders: Sequence[Path]) -> Seen:
    """The files of some folders, without reading them; a folder that cannot be listed has none."""
    found = []
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix in (".yml", ".yaml"))
        except OSError:
            continue
        for path in paths:
            try:
                state = path.stat()
            except OSError:
                continue
            found.append((str(path), state.st_mtime_ns, state.st_size))
    return Seen(tuple(found))
