"""How long a start takes on a machine where everything is there already."""

import sys
import time
from pathlib import Path

import pytest

from tests.integration.patience import allowed
from tests.integration.whole_programs import serving, wait_ready
from tests.servers import free_port

pytestmark = pytest.mark.alone


def test_a_second_start_serves_within_five_seconds(folder: Path) -> None:
    program, port = Path(sys.executable).parent / "yingda", free_port()
    for within_s in (120.0, allowed(5, 20)):
        started = time.monotonic()
        with serving(program, folder, port) as (server, log):
            wait_ready(f"http://127.0.0.1:{port}", server, log)
            assert time.monotonic() - started < within_s, "the embedded database's start included"
            server.terminate()
            assert server.wait(30) == 0, log.read_text()[-4000:]
