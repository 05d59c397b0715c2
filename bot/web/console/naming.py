"""What a customer is called on a screen."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from aiohttp import web

from bot.settings import Locale
from bot.web.keys import ENGINE, KEYS
from bot.web.language import locale_of
from crm_adapter.reading import ENDING, names_of

_VISITOR: dict[Locale, str] = {"zh-Hans": "访客", "zh-Hant": "訪客", "en": "Visitor"}


def contact_name(contact_id: UUID, name: str | None, locale: Locale) -> str:
    """The contact's own name, or ``Visitor 3f2a`` in the reader's language from the end of the id.

    The end, because the beginning of a UUIDv7 is the time and the same for all who come in one minute.
    """
    return name or f"{_VISITOR[locale]} {str(contact_id)[-ENDING:]}"


async def names_in(request: web.Request, contact_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """What each of these contacts is called, in the reader's language where it has no name."""
    wanted, locale = set(contact_ids), locale_of(request)
    if not wanted:
        return {}
    async with request.app[ENGINE].connect() as connection:
        known = await names_of(connection, request.app[KEYS], wanted)
    return {one: contact_name(one, known.get(one), locale) for one in wanted}


def plain_query(query: str | None) -> str | None:
    """A search as typed, without the made-up word for a nameless visitor: ``访客 3f2a`` looks for ``3f2a``."""
    if query is None:
        return None
    for word in _VISITOR.values():
        if query.lower().startswith(f"{word} ".lower()):
            return query[len(word) :].strip()
    return query
