"""Values from words: what a slot's kind makes of a message, and the code that says why it makes nothing of it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from bot.flows.model import Slot
from bot.flows.understanding.heard import Heard
from bot.flows.understanding.plain import core
from bot.flows.understanding.values.amounts import read_money, read_number, read_rating
from bot.flows.understanding.values.contacts import read_address, read_email, read_name, read_phone
from bot.flows.understanding.values.dates import read_date
from bot.flows.understanding.values.labels import find_label
from bot.flows.understanding.values.orders import read_order
from bot.flows.understanding.values.read import Read, length_of
from bot.flows.understanding.values.times import read_time
from bot.flows.understanding.values.yes_no import read_yes_no

CODES: Final = (
    "address_incomplete", "choice_unknown", "date_ambiguous", "date_impossible", "date_missing", "date_vague",
    "date_year", "email_impossible", "email_incomplete", "email_missing", "files_missing", "money_ambiguous",
    "money_missing", "money_negative", "name_missing", "number_ambiguous", "number_missing", "order_impossible",
    "order_missing", "order_phone",
    "phone_country", "phone_impossible", "phone_missing", "phone_too_long", "phone_too_short",
    "rating_missing", "rating_out_of_scale", "text_missing",
    "time_impossible", "time_missing", "yes_or_no",
)  # fmt: skip
"""Why a message is no value; each has its sentence among the responses of ``pattern_collect_information``."""

_AND: Final = re.compile(r"[,;/+&\n]| and |(?<=[^\W\d_a-z])(?:和|跟|与|及|还有|以及)(?=[^\W\d_a-z])|\s(?=\d)")
_ALL: Final = re.compile(
    r"(?:全部|所有|全都?|都)(?:选|要|同意|可以|是|勾选)*(?:的)?|all(?: of (?:them|these|the above))?|everything|both"
)
_NONE: Final = re.compile(
    r"(?:都|全|一个都?|以上)+(?:不|没有?)(?:要|选|同意|需要|是)*(?:的)?|none(?: of (?:them|these|the above))?|neither"
    r"|不同意"
)


def wordings_of(slot: Slot) -> Mapping[str, tuple[str, ...]]:
    """By value of a categorical slot every wording in every language, and the value itself."""
    return {
        value: (value, *(text for texts in by_locale.values() for text in texts))
        for value, by_locale in slot.values.items()
    }


def read_value(slot: Slot, heard: Heard, words: str) -> Read:
    """What a message is as a value of a slot; ``words`` is the message, or a part of it, in its plain form."""
    if slot.values and (slot.type in ("categorical", "list", "text", "any")):
        return _several(slot, words) if slot.type == "list" or heard.several else _one_of(slot, words)
    if slot.type == "bool":
        return read_yes_no(words)
    return _fitting(slot, _by_kind(slot, heard, words))


def _fitting(slot: Slot, read: Read) -> Read:
    """The value as the slot's type has it: a number is text in a text slot, one thing a list of one in a list slot."""
    if read.code is not None or slot.type not in ("text", "list"):
        return read
    if slot.type == "list":
        return read if isinstance(read.value, list) else read._replace(value=_listed(read.value))
    return read if isinstance(read.value, str | list) else read._replace(value=str(read.value))


def _listed(value: Any) -> list[Any]:
    parts = [part.strip() for part in _COMMAS.split(value)] if isinstance(value, str) else [value]
    return [part for part in parts if part != ""]


_LOOKED_AT: Final = 200
"""A value stands at the beginning of a message, or the message is an account of something else."""
_COMMAS: Final = re.compile(r"[,;，、；\n]")


def _by_kind(slot: Slot, heard: Heard, words: str) -> Read:
    words = words[:_LOOKED_AT]
    match slot.kind:
        case "phone":
            return read_phone(heard.text, words, heard.region, heard.locale)
        case "email":
            return read_email(heard.text)
        case "date":
            return read_date(words, heard.now.date(), past=slot.past, locale=heard.locale, year=slot.year)
        case "time":
            return read_time(words)
        case "order":
            return read_order(words, heard.order_patterns)
        case "money":
            return read_money(words)
        case "rating":
            return read_rating(words, slot.scale)
        case "address":
            return read_address(heard.text, words)
        case "name":
            return read_name(heard.text, words)
        case "files":
            return Read(list(heard.attachments)) if heard.attachments else Read(code="files_missing")
    if slot.kind == "number" or slot.type == "float":
        return read_number(words)
    said = heard.text.strip()
    return Read(said) if said else Read(code="text_missing")


def _one_of(slot: Slot, words: str) -> Read:
    found = find_label(words, wordings_of(slot))
    if found is None:
        return Read(code="choice_unknown")
    return Read(found, rest=0 if length_of(words) <= _SHORT else length_of(words) // 2)


_SHORT: Final = 24


def _several(slot: Slot, words: str) -> Read:
    said = core(words)
    if _ALL.fullmatch(said):
        return Read(list(slot.values))
    if _NONE.fullmatch(said):
        return Read([])
    wordings = wordings_of(slot)
    if (whole := find_label(words, wordings)) and not _AND.search(words):
        return Read([whole])
    found: list[Any] = []
    for part in _AND.split(words):
        if core(part):
            value = find_label(part, wordings)
            if value is None:
                return Read(code="choice_unknown", tried=bool(found))
            if value not in found:
                found.append(value)
    return Read(found) if found else Read(code="choice_unknown")


__all__ = ["CODES", "Read", "read_value", "wordings_of"]
