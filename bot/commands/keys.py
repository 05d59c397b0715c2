"""``yingda keys``: the key-encryption keys: show, rotate, retire. No secret is ever printed."""

import argparse
import asyncio
import sys

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.commands.speech import say
from bot.commands.store import open_addresses
from bot.settings import Settings, read_settings
from bot.storage.database import make_engine
from bot.storage.keyring import keyring_path, open_keys, write_keyring
from crm_adapter.encryption import Keyring, KeyringFault
from crm_adapter.encryption.rotation import RotationRuns, StillUsed, count_wrapped, forbid, rewrap, rotating

_FROM_SETTING = (
    "The keyring comes from the setting keys.ring, which only you can change: put a fresh key-encryption key first in\n"
    "its list of keks, give the new document to every server, then run this again to wrap all data keys with it."
)
_KEPT = "They stand in {place}: keep a copy elsewhere, nothing that is stored can be read without it."
_LOSING = (
    "Backups made until now cannot be read any more without the keyring as it is now. Copy {place}\n"
    "to where those backups can have it, apart from the data; then say --yes."
)
_RETIRING = (
    "Backups made before need the retired keys to be read: keep the old keyring with them, apart from the data,\n"
    "or make a new backup now and remove the old ones."
)


def add_arguments(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers ``keys``."""
    parser = commands.add_parser("keys")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("show", help="print their ids and how many data keys each wraps").set_defaults(run=run_show)
    actions.add_parser("rotate", help="wrap all data keys with a fresh one, while servers run").set_defaults(
        run=run_rotate
    )
    retiring = actions.add_parser("retire", help="remove those that wrap nothing any more")
    retiring.add_argument("--yes", action="store_true", help="the keyring as it is was copied for the backups so far")
    retiring.set_defaults(run=run_retire)


def run_show(args: argparse.Namespace) -> int:
    """One line per key-encryption key: id, what it is for, how many data keys it wraps."""
    settings = read_settings()
    with open_addresses(settings) as addresses:
        counts = asyncio.run(_counts(settings, addresses.application_url))
    ring = open_keys(settings).ring
    for position, kek in enumerate(ring.keks):
        print(kek.id, "unwraps" if position else "wraps", counts.get(kek.id, 0), sep="\t")
    say(_KEPT.format(place=_place(settings)))
    return 0


def run_rotate(args: argparse.Namespace) -> int:
    """0 when every data key is wrapped by the first key; 1 with the reason otherwise."""
    settings = read_settings()
    with open_addresses(settings) as addresses:
        return _told(asyncio.run(_rotate(settings, addresses.application_url)))


def run_retire(args: argparse.Namespace) -> int:
    """0 when only the wrapping key is left in the keyring; 1 with the reason otherwise."""
    settings = read_settings()
    if not args.yes and settings.keys.ring is None:
        return _told(_LOSING.format(place=_place(settings)))
    with open_addresses(settings) as addresses:
        return _told(asyncio.run(_retire(settings, addresses.application_url, addresses.owner_url)))


async def _rotate(settings: Settings, url: str) -> str | None:
    engine = make_engine(url, settings)
    try:
        async with rotating(engine):
            ring = open_keys(settings).ring
            async with engine.connect() as connection:
                unfinished = bool((await count_wrapped(connection)).keys() - {ring.keks[0].id})
            if unfinished:
                say("An earlier rotation was not finished, or the first key is new: wrapping what is left with it.")
            elif settings.keys.ring is not None:
                return _FROM_SETTING
            else:
                ring = ring.with_new_kek()
                write_keyring(keyring_path(settings), ring)
                say(f"{ring.keks[0].id} stands first in the keyring.")
            await _rewrap(engine, ring)
        print(f"All data keys are wrapped by {ring.keks[0].id}.")
        say("Servers that run take the new key within a minute; afterwards `yingda keys retire` removes the old ones.")
    except (KeyringFault, RotationRuns) as fault:
        return _reason(fault)
    finally:
        await engine.dispose()
    return None


async def _retire(settings: Settings, url: str, owner_url: str) -> str | None:
    if settings.keys.ring is not None:
        return "The keyring comes from the setting keys.ring: remove old keys there once `yingda keys show` counts 0."
    engine, owner = make_engine(url, settings), make_engine(owner_url, settings)
    try:
        async with rotating(engine):
            ring = open_keys(settings).ring
            retired = {kek.id for kek in ring.keks[1:]}
            if not retired:
                return "There is no old key to retire."
            await _rewrap(engine, ring)
            async with owner.begin() as connection:
                await forbid(connection, ring, retired)
            write_keyring(keyring_path(settings), ring.without_old_keks())
        print(f"Retired {', '.join(sorted(retired))}.")
        say(_RETIRING)
    except (KeyringFault, OperationalError, RotationRuns, StillUsed) as fault:
        return _reason(fault)
    finally:
        await engine.dispose()
        await owner.dispose()
    return None


async def _rewrap(engine: AsyncEngine, ring: Keyring) -> None:
    total = 0
    async for number in rewrap(engine, ring):
        total += number
        say(f"{total} data keys wrapped anew")


async def _counts(settings: Settings, url: str) -> dict[str, int]:
    engine = make_engine(url, settings)
    try:
        async with engine.connect() as connection:
            return await count_wrapped(connection)
    finally:
        await engine.dispose()


def _place(settings: Settings) -> str:
    return "the setting keys.ring" if settings.keys.ring is not None else str(keyring_path(settings).absolute())


def _reason(fault: Exception) -> str:
    if isinstance(fault, RotationRuns):
        return "Another rotation is running; wait for it."
    if isinstance(fault, OperationalError):
        return "The store is too busy to be locked for a moment: try again."
    if isinstance(fault, StillUsed):
        return f"A server that runs still wraps with {', '.join(sorted(fault.counts))}: try again in a minute."
    return f"{fault}: bring back the keyring that has it."


def _told(reason: str | None) -> int:
    if reason is not None:
        print(reason, file=sys.stderr)
        return 1
    return 0
