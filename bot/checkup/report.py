"""All parts together, for the command line and for the console."""

import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.checkup.access import check_access_reviews
from bot.checkup.cases import check_cases
from bot.checkup.erasures import check_erasure_log
from bot.checkup.flows import check_flows
from bot.checkup.keyring import check_keyring
from bot.checkup.ledger import check_ledger
from bot.checkup.machine import check_machine
from bot.checkup.notices import check_notices
from bot.checkup.part import Part
from bot.checkup.privacy import check_privacy_requests
from bot.checkup.store import check_redis, check_store
from bot.checkup.wechat import check_wechat
from bot.settings import Locale, Settings
from bot.web.keys import Status


async def check_all(
    settings: Settings, engine: AsyncEngine, application_url: str, embedded: Sequence[Part] = ()
) -> list[Part]:
    """Every part's condition, each with its own time limit, ``embedded`` in its place; changes nothing."""
    return [
        *check_machine(settings),
        *embedded,
        *await check_store(settings, engine, application_url),
        *await check_keyring(settings, application_url),
        *await check_access_reviews(settings, engine),
        *await check_privacy_requests(settings, engine),
        *await check_cases(settings, engine),
        check_notices(settings),
        *await check_erasure_log(settings, engine),
        *await check_ledger(settings, engine),
        await check_flows(settings),
        *await check_wechat(settings, engine),
        await check_redis(settings),
    ]


def program_version() -> str:
    """The installed version; ``0`` when run from a folder that was never installed."""
    try:
        return version("yingda")
    except PackageNotFoundError:
        return "0"


class StatusReport:
    """The console's status page."""

    def __init__(self, settings: Settings, engine: AsyncEngine, application_url: str) -> None:
        self._settings = settings
        self._engine = engine
        self._url = application_url
        self._started = time.monotonic()

    async def describe(self, locale: Locale) -> Status:
        """The parts in the reader's language."""
        parts = await check_all(self._settings, self._engine, self._url)
        described = ((part, *part.words(locale)) for part in parts)
        return {
            "version": program_version(),
            "uptime_s": round(time.monotonic() - self._started, 1),
            "parts": [
                {"name": part.name, "state": part.state, "detail": detail, "mend": mend}
                for part, detail, mend in described
            ],
        }
