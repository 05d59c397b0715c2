"""Rotation of the key-encryption key: under writers, broken off, retired too early."""

import asyncio
import subprocess
import sys

import pytest
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from bot.__main__ import main
from bot.storage.database import make_engine
from bot.storage.keyring import write_keyring
from crm_adapter.encryption import Keyring, KeyringFault, Keys
from crm_adapter.encryption.rotation import RotationRuns, StillUsed, count_wrapped, forbid, rewrap, rotating
from crm_adapter.encryption.vault import load_keys, make_key
from tests.servers import ROOT


@pytest.fixture
def ring() -> Keyring:
    return Keyring.fresh()


async def stock(engine, ring: Keyring, count: int) -> dict:
    keys = Keys(lambda: ring)
    async with engine.begin() as connection:
        made = [await make_key(connection, keys, uuid7()) for _ in range(count)]
    return {key.id: key.secret for key in made}


async def opened(engine, ring: Keyring, ids) -> dict:
    async with engine.connect() as connection:
        found = await load_keys(connection, Keys(lambda: ring), ids)
    return {number: key.secret for number, key in found.items()}


async def counts(engine) -> dict[str, int]:
    async with engine.connect() as connection:
        return await count_wrapped(connection)


async def test_data_keys_stay_and_are_wrapped_anew(engine, ring):
    secrets = await stock(engine, ring, 25)
    new = ring.with_new_kek()
    assert [number async for number in rewrap(engine, new, batch=10)] == [10, 10, 5]
    assert await counts(engine) == {new.keks[0].id: 25}
    assert await opened(engine, new.without_old_keks(), secrets) == secrets


async def test_a_rotation_that_is_broken_off_goes_on(engine, ring):
    secrets = await stock(engine, ring, 30)
    new = ring.with_new_kek()
    async for _ in rewrap(engine, new, batch=10):
        break
    assert await counts(engine) == {ring.keks[0].id: 20, new.keks[0].id: 10}
    assert await opened(engine, new, secrets) == secrets
    assert [number async for number in rewrap(engine, new, batch=10)] == [10, 10]
    assert await opened(engine, new.without_old_keks(), secrets) == secrets


async def test_a_writer_with_the_old_key_does_no_harm(engine, ring):
    secrets = await stock(engine, ring, 40)
    new = ring.with_new_kek()
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            secrets.update(await stock(engine, ring, 1))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        async for _ in rewrap(engine, new, batch=3):
            if len(secrets) > 60:
                stop.set()
        stop.set()  # where the rotation was the quicker one
    async for _ in rewrap(engine, new):
        pass
    assert await counts(engine) == {new.keks[0].id: len(secrets)}
    assert await opened(engine, new.without_old_keks(), secrets) == secrets


async def test_a_running_process_takes_the_new_key_by_itself(ring, monkeypatch):
    rings = [ring.with_new_kek(), ring]
    keys = Keys(lambda: rings.pop() if len(rings) > 1 else rings[0])
    assert keys.new_data_key(uuid7())[1] == ring.keks[0].id
    monkeypatch.setattr("crm_adapter.encryption.keys.REREAD_S", 0.0)
    assert keys.new_data_key(uuid7())[1] == rings[0].keks[0].id


async def test_what_the_ring_lacks_is_said_before_anything_is_done(engine, ring):
    await stock(engine, ring, 3)
    with pytest.raises(KeyringFault, match=ring.keks[0].id):
        await anext(rewrap(engine, Keyring.fresh()))


async def test_only_one_rotates(engine):
    async with rotating(engine):
        with pytest.raises(RotationRuns):
            await rotating(engine).__aenter__()
    async with rotating(engine):
        pass


async def test_a_retired_key_wraps_nothing_any_more(engine, addresses, settings, ring):
    await stock(engine, ring, 2)
    new = ring.with_new_kek()
    old = {ring.keks[0].id}
    owner = make_engine(addresses.owner_url, settings)
    try:
        async with owner.connect() as connection:
            with pytest.raises(StillUsed) as refused:
                await forbid(connection, new, old)
        assert refused.value.counts == {ring.keks[0].id: 2}
        async for _ in rewrap(engine, new):
            pass
        async with owner.begin() as connection:
            await forbid(connection, new, old)
    finally:
        await owner.dispose()
    with pytest.raises(IntegrityError):
        await stock(engine, ring, 1)
    await stock(engine, new, 1)


@pytest.fixture
def run(addresses, tmp_path, monkeypatch, capsys):
    """Runs ``yingda keys ACTION``: exit code, output, errors."""
    monkeypatch.setenv("YINGDA_DATABASE_URL", addresses.application_url)
    monkeypatch.setenv("YINGDA_OWNER_DATABASE_URL", addresses.owner_url)
    monkeypatch.setenv("YINGDA_VAR_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def yingda(*words: str) -> tuple[int, str, str]:
        code = main(["keys", *words])
        return code, *capsys.readouterr()

    return yingda


def test_the_commands_from_end_to_end(run, addresses, settings, tmp_path):
    ring = Keyring.fresh()
    path = tmp_path / "keyring.json"
    write_keyring(path, ring)

    async def fill() -> dict:
        engine = make_engine(addresses.application_url, settings)
        try:
            return await stock(engine, ring, 7)
        finally:
            await engine.dispose()

    secrets = asyncio.run(fill())
    old = ring.keks[0].id
    assert run("show")[:2] == (0, f"{old}\twraps\t7\n")
    code, told, _ = run("rotate")
    new = Keyring.parse(path.read_text()).keks[0].id
    assert (code, told) == (0, f"All data keys are wrapped by {new}.\n")
    assert run("show")[1] == f"{new}\twraps\t7\n{old}\tunwraps\t0\n"
    assert path.stat().st_mode & 0o077 == 0
    code, _, told = run("retire")
    assert (code, str(path) in told) == (1, True)
    assert len(Keyring.parse(path.read_text()).keks) == 2
    assert run("retire", "--yes")[:2] == (0, f"Retired {old}.\n")
    assert run("show")[1] == f"{new}\twraps\t7\n"
    assert run("retire", "--yes")[0] == 1
    rest = Keyring.parse(path.read_text())
    assert (rest.index_key, rest.signing_secret) == (ring.index_key, ring.signing_secret)

    async def look() -> dict:
        engine = make_engine(addresses.application_url, settings)
        try:
            return await opened(engine, rest, secrets)
        finally:
            await engine.dispose()

    assert asyncio.run(look()) == secrets


def test_a_ring_from_a_secret_store_is_changed_there(run, monkeypatch, tmp_path):
    ring = Keyring.fresh()
    monkeypatch.setenv("YINGDA_KEYS__RING", ring.document())
    code, _, told = run("rotate")
    assert code == 1
    assert "keys.ring" in told
    assert not (tmp_path / "keyring.json").exists()
    assert ring.keks[0].secret.hex() not in told
    assert run("retire", "--yes")[0] == 1


def test_a_rotation_killed_between_batches_is_finished_by_the_next(run, addresses, settings, tmp_path):
    ring = Keyring.fresh()
    path = tmp_path / "keyring.json"
    write_keyring(path, ring)

    async def work(step):
        engine = make_engine(addresses.application_url, settings)
        try:
            return await step(engine)
        finally:
            await engine.dispose()

    secrets = asyncio.run(work(lambda engine: stock(engine, ring, 2500)))
    command = [sys.executable, "-m", "bot", "keys", "rotate"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as rotation:
        while "wrapped anew" not in rotation.stderr.readline():
            pass
        rotation.kill()
    before = asyncio.run(work(counts))
    new = Keyring.parse(path.read_text())
    assert before[new.keks[0].id] >= 500
    assert asyncio.run(work(lambda engine: opened(engine, new, secrets))) == secrets
    code, told, said = run("rotate")
    assert (code, told) == (0, f"All data keys are wrapped by {new.keks[0].id}.\n")
    if before.get(ring.keks[0].id):
        assert "not finished" in said
        assert Keyring.parse(path.read_text()) == new
    assert asyncio.run(work(lambda engine: opened(engine, new.without_old_keks(), secrets))) == secrets


def test_a_new_first_key_in_the_setting_is_taken(run, addresses, settings, monkeypatch):
    ring = Keyring.fresh()

    async def fill() -> None:
        engine = make_engine(addresses.application_url, settings)
        await stock(engine, ring, 3)
        await engine.dispose()

    asyncio.run(fill())
    new = ring.with_new_kek()
    monkeypatch.setenv("YINGDA_KEYS__RING", new.document())
    assert run("rotate")[0] == 0
    assert run("show")[1] == f"{new.keks[0].id}\twraps\t3\n{ring.keks[0].id}\tunwraps\t0\n"


def test_a_lost_keyring_is_not_replaced(run, addresses, settings, tmp_path):
    """A fresh one in its place would leave everything stored before unreadable, without a word."""
    ring, path = Keyring.fresh(), tmp_path / "keyring.json"

    async def fill() -> None:
        engine = make_engine(addresses.application_url, settings)
        try:
            await stock(engine, ring, 1)
        finally:
            await engine.dispose()

    asyncio.run(fill())
    code, _, told = run("show")
    assert (code, "is missing" in told, path.exists()) == (1, True, False)
    write_keyring(path, Keyring.fresh())
    code, _, told = run("show")
    assert (code, ring.keks[0].id in told) == (1, True)
    write_keyring(path, ring)
    assert run("show")[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("contact", "list"),
        ("contact", "show", "last"),
        ("contact", "confirm", "last", "phone=13800138000"),
        ("consent", "verify"),
        ("consent", "checkpoint"),
        ("consent", "show", "last"),
        ("access", "list"),
        ("privacy", "list"),
        ("keys", "show"),
        ("backup", "copy"),
    ],
)
def test_a_refused_start_leaves_no_new_keyring(run, addresses, settings, tmp_path, capsys, words):
    path = tmp_path / "keyring.json"

    async def fill() -> None:
        engine = make_engine(addresses.application_url, settings)
        try:
            await stock(engine, Keyring.fresh(), 1)
        finally:
            await engine.dispose()

    asyncio.run(fill())
    assert main(list(words)) == 1
    assert "keyring.json is missing" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize("words", [("contact", "list"), ("consent", "verify"), ("access", "list"), ("privacy", "list")])
def test_a_store_that_holds_nothing_is_given_a_keyring(run, tmp_path, words):
    assert main(list(words)) == 0
    Keyring.parse((tmp_path / "keyring.json").read_text())


def test_a_backup_is_not_verified_with_a_keyring_made_for_it(run, tmp_path, capsys):
    assert main(["backup", "verify", str(tmp_path)]) == 1
    assert "keyring.json is missing" in capsys.readouterr().err
    assert not (tmp_path / "keyring.json").exists()
