"""One server for all customers who leave it as they found it: starting one costs more than a visit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import copied
from tests.servers import LiveServer


@pytest.fixture(scope="session")
def shop_server(
    cluster: Callable[[str, str], str], demo_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A running server with the demo company, shared by tests that only chat with it."""
    with (
        contextmanager(copied)(cluster, demo_template) as addresses,
        LiveServer(addresses, tmp_path_factory.mktemp("shop")) as server,
    ):
        yield server
