"""A running shop one of whose flows asks another server, which answers when a test lets it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.storage.database import Addresses
from tests.integration.test_action_server_remote import FLOW, SERVER, Elsewhere
from tests.servers import LiveServer

# Longer than the slowest machine needs for what a test looks at while the other server keeps silent.
CALL_S, OUTSIDE_ACTION_S = 110, 120


@asynccontextmanager
async def outside_shop(addresses: Addresses, folder: Path) -> AsyncIterator[tuple[LiveServer, Elsewhere]]:
    """The flow is ``start(ask_outside)``; after it any word goes to the other server."""
    (folder / "flows").mkdir()
    (folder / "flows" / "outside.yml").write_text(FLOW, encoding="utf-8")
    outside = Elsewhere()
    remote = json.dumps([{**SERVER, "url": await outside.start(), "timeout_s": CALL_S}])
    environment = {
        "YINGDA_FLOWS__FOLDER": str(folder / "flows"),
        "YINGDA_ACTIONS__REMOTE": remote,
        "YINGDA_TURN__OUTSIDE_ACTION_S": str(OUTSIDE_ACTION_S),
    }
    try:
        with LiveServer(addresses, folder, **environment) as server:
            yield server, outside
    finally:
        outside.may_answer.set()
        await outside.close()
