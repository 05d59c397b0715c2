"""One server for all customers who leave it as they found it: starting one costs more than a visit."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest

from bot.storage.database import Addresses
from tests.conftest import OWNER, SUPERUSER
from tests.servers import LiveServer


@pytest.fixture(scope="session")
def shop_server(
    cluster: Callable[[str, str], str], template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A running server with the demo company, shared by tests that only chat with it."""
    name = f"shop_{uuid4().hex[:12]}"
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
    addresses = Addresses(cluster(OWNER, name), cluster("yingda_app", name))
    with LiveServer(addresses, tmp_path_factory.mktemp("shop")) as server:
        yield server
