"""Whether the keyring that the store was sealed with is here; without it nothing that is stored can be read."""

import asyncio

import psycopg

from bot.checkup.part import Part
from bot.settings import Settings
from bot.storage.keyring import KeyringDamaged, KeyringLost, keyring_path, refuse_other_keyring

WITHIN_S = 5.0


async def check_keyring(settings: Settings, application_url: str) -> list[Part]:
    """Makes none; nothing when the store cannot be asked, which another part tells."""
    place = "keys.ring" if settings.keys.ring is not None else str(keyring_path(settings).absolute())
    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.to_thread(refuse_other_keyring, settings, application_url)
    except (KeyringLost, KeyringDamaged) as fault:
        return [Part("keyring", "failed", "keyring_lost", {"reason": str(fault)})]
    except (psycopg.Error, TimeoutError, OSError):
        return []
    return [Part("keyring", "ok", "keyring_ok", {"place": place})]
