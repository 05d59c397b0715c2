"""What a profile's fields can hold (CP1, CP3): each value checked and brought into the one form it is stored in."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

import yaml

from crm_adapter.customers.id_number import id_number_fault
from crm_adapter.port import BadField
from crm_adapter.records.consent import years_at
from crm_adapter.records.customers import FIELDS

HOME_REGION = "CN"
"""Where a phone number without a country code belongs."""
OLDEST = 130
_LINE, _ADDRESS, _PROSE = 100, 300, 2000
_DATE = re.compile(r"(\d{4})\s*(?:-|/|\.|年)\s*(\d{1,2})\s*(?:-|/|\.|月)\s*(\d{1,2})\s*[日号號]?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CODE = re.compile(r"([A-Z]{2})(-[A-Z0-9]{1,3})?")


def normalise(field: str, value: str | None) -> str | None:
    """The value as it is stored; ``None`` (or nothing but blanks) empties the field.

    Phone numbers become E.164, e-mail addresses lower case in the domain's own spelling, birthdays ISO 8601, the
    choices of a list their code. Raises :class:`BadField`.
    """
    if field not in FIELDS:
        raise BadField(field, "unknown_field")
    text = unicodedata.normalize("NFC", value or "").strip()
    if not text:
        return None
    return _CHECKS[field](field, text)


def normalise_all(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """The same for several fields at once. Raises :class:`BadField` for the first that is wrong."""
    return {field: normalise(field, value) for field, value in fields.items()}


def _line(field: str, text: str) -> str:
    return _printable(field, text, _LINE, "")


def _address(field: str, text: str) -> str:
    return _printable(field, text, _ADDRESS, "\n")


def _prose(field: str, text: str) -> str:
    return _printable(field, text, _PROSE, "\n\t")


def _printable(field: str, text: str, longest: int, allowed: str) -> str:
    text = text.replace("\r\n", "\n")
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in allowed for one in text):
        raise BadField(field, "not_printable")
    if len(text) > longest:
        raise BadField(field, "too_long")
    return text


def _name(field: str, text: str) -> str:
    text = _line(field, text)
    if not any(unicodedata.category(one).startswith("L") for one in text):
        raise BadField(field, "no_letter")
    return text


def _phone(field: str, text: str) -> str:
    import phonenumbers  # 2 MB that a server without profiles to check need not carry

    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), HOME_REGION)
    except phonenumbers.NumberParseException:
        raise BadField(field, "bad_phone") from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise BadField(field, "bad_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(field: str, text: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # with the first address is soon enough

    try:
        # Whether mail arrives, a confirmation code will tell; here only the form is looked at.
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise BadField(field, "bad_email") from None


def _birthday(field: str, text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    found = _DATE.fullmatch(text) or _DIGITS.fullmatch(text)
    try:
        born = date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        born = None
    if born is None:
        raise BadField(field, "bad_date")
    today = _today()
    if born > today:
        raise BadField(field, "in_future")
    if years_at(born, today) > OLDEST:
        raise BadField(field, "too_old")
    return born.isoformat()


def _id_number(field: str, text: str) -> str:
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    fault = id_number_fault(number, _today())
    if fault:
        raise BadField(field, fault)
    return number


def _choice(field: str, text: str) -> str:
    found = _choices()[field].get(text.casefold())
    if found is None:
        raise BadField(field, "unknown_choice")
    return found


def _region(field: str, text: str) -> str:
    code = _CODE.fullmatch(text.upper())
    if code and code[1] != HOME_REGION and code[1] in _regions():
        return text.upper()
    return _choice(field, text)


def _regions() -> AbstractSet[str]:
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def _today() -> date:
    # The furthest time zone: somebody born there today is not from the future.
    return (datetime.now(UTC) + timedelta(hours=14)).date()


@cache
def _choices() -> dict[str, dict[str, str]]:
    source = (files("crm_adapter.customers") / "choices.yml").read_text(encoding="utf-8")
    lists: dict[str, dict[str, list[str]]] = yaml.safe_load(source)
    return {
        field: {word.casefold(): code for code, words in choices.items() for word in (code, *words)}
        for field, choices in lists.items()
    }


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "name": _name,
    "gender": _choice,
    "birthday": _birthday,
    "occupation": _line,
    "address": _address,
    "phone": _phone,
    "email": _email,
    "id_number": _id_number,
    "language": _choice,
    "preferences": _prose,
    "needs": _prose,
    "suggestions": _prose,
    "industry": _line,
    "size": _choice,
    "region": _region,
}
