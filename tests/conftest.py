"""What tests stand on: a real PostgreSQL, a fresh database per test, a real server."""

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.flows.catalogue import OURS
from bot.flows.reading import read_definitions
from bot.handlers.answers import wishes_of
from bot.rehearsal.keeper import open_nursery
from bot.rehearsal.keys import KEYS, RING
from bot.settings import Settings
from bot.storage.database import Addresses, make_engine
from bot.storage.embedded import EmbeddedPostgres
from bot.storage.migrate import migrate
from bot.storage.pool import Pool, make_pool
from crm_adapter.encryption import Keys
from knowledge_base.articles import Article
from knowledge_base.demo import ARTICLES
from knowledge_base.files import read_articles
from knowledge_base.store import import_articles
from knowledge_base.watch import LiveIndex
from tests.servers import LiveServer, short_folder

SUPERUSER = "postgres"
OWNER = "yingda_owner"


def pytest_collection() -> None:
    """Thousands of tests are collected and stay: looking through them for rubbish meanwhile is a fifth of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """From here on they are not looked through either."""
    gc.enable()
    gc.collect()
    gc.freeze()


# The same examples in every run, and no verdict on how fast they were: a loaded machine must fail nothing. Who looks
# for new examples says --hypothesis-profile=default.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Callable[[str, str], str]]:
    """A PostgreSQL server for the whole run; called with a role and a database it gives their address."""
    folder = short_folder()
    with EmbeddedPostgres(folder / "pg") as databases:
        yield lambda role, name: databases.owner_url.replace(OWNER, role, 1).replace("/yingda?", f"/{name}?", 1)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: Callable[[str, str], str]) -> str:
    """The name of a migrated database to copy: empty but for what is trained on our flows, which takes seconds."""
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE template_yingda OWNER {OWNER}")
    migrate(cluster(OWNER, "template_yingda"), cluster("yingda_app", "template_yingda"))
    asyncio.run(stock(cluster("yingda_app", "template_yingda")))
    return "template_yingda"


@pytest.fixture(scope="session")
def demo_template(cluster: Callable[[str, str], str], template: str) -> str:
    """The same with the demo company's articles and what was trained on them."""
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE template_demo TEMPLATE {template} OWNER {OWNER}")
    asyncio.run(stock(cluster("yingda_app", "template_demo"), read_articles(ARTICLES)))
    return "template_demo"


async def stock(url: str, articles: Sequence[Article] = ()) -> None:
    """Imports articles, and keeps in the database what is trained on them and on our flows."""
    engine = make_engine(url, Settings())
    if articles:
        async with engine.begin() as connection:
            await import_articles(connection, articles, source="demo")
    wishes = wishes_of(read_definitions(OURS))
    await LiveIndex(wishes=lambda: wishes).refresh(engine)
    await engine.dispose()


@pytest.fixture
def addresses(cluster: Callable[[str, str], str], template: str) -> Iterator[Addresses]:
    """A migrated, empty database of the test's own."""
    yield from copied(cluster, template)


@pytest.fixture
def demo_addresses(cluster: Callable[[str, str], str], demo_template: str) -> Iterator[Addresses]:
    """A database of the test's own with the demo company in it."""
    yield from copied(cluster, demo_template)


def copied(cluster: Callable[[str, str], str], template: str) -> Iterator[Addresses]:
    """A copy of a database, gone after its use."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(cluster(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        yield Addresses(cluster(OWNER, name), cluster("yingda_app", name))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def nursery() -> Iterator[Path]:
    """Where servers with faulty facts are started and killed in a moment; see :mod:`bot.rehearsal`."""
    folder = short_folder()
    with open_nursery(folder) as path:
        yield path
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a folder of the test's own."""
    return Settings(
        var_dir=tmp_path,
        secret_key="a key that only this test knows, and nobody else",
        keys={"ring": RING.document()},
    )


@pytest.fixture
def keys() -> Keys:
    """The keys that this run's servers have too."""
    return KEYS


@pytest.fixture
async def engine(addresses: Addresses, settings: Settings) -> AsyncIterator[AsyncEngine]:
    """SQLAlchemy as the application's role."""
    engine = make_engine(addresses.application_url, settings)
    yield engine
    await engine.dispose()


@pytest.fixture
async def pool(addresses: Addresses, settings: Settings) -> AsyncIterator[Pool]:
    """The hot path's connections as the application's role."""
    async with make_pool(addresses.application_url, settings) as pool:
        yield pool


@pytest.fixture
def live_server(demo_addresses: Addresses, tmp_path: Path) -> Iterator[LiveServer]:
    """A running server with the demo company, on a database of the test's own."""
    with LiveServer(demo_addresses, tmp_path) as server:
        yield server
