"""How somebody is reached and what they are called: phone, e-mail, name, address. All of it claimed, none checked."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from bot.flows.understanding.plain import core
from bot.flows.understanding.values.read import Read, length_of

_PHONE: Final = re.compile(r"[+(]?\d[\d\s().-]{3,22}\d")
_SPOKEN: Final = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
_SPOKEN_RUN: Final = re.compile(r"[零〇一幺二三四五六七八九\d\s-]{7,30}")
_FEWEST: Final = 5

_EMAIL: Final = re.compile(r"[a-z0-9._%+'-]{1,64}\s?@\s?[a-z0-9-]+(?:(?:\s?\.\s?|,)[a-z0-9-]+)+", re.IGNORECASE)
_SPELT: Final = ((re.compile(r"\s(?:\(at\)|\[at\]|at)\s"), "@"), (re.compile(r"\s(?:\(dot\)|\[dot\]|dot)\s"), "."))
_LOOKED_AT: Final = 400

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff·"
_NAME_ZH: Final = re.compile(
    rf"(?:我(?:的)?(?:名字|姓名|全名|大名)?(?:叫做?|是|为)|(?:名字|姓名|全名|联系人|收货人|收件人)(?:叫做?|是"
    rf"|为)?[:：\s]*|叫我|本人|称呼我?(?:为)?|这边是|我)\s*(?P<name>[{_HAN}]{{2,8}}|[a-z][a-z .'-]{{1,40}})$",
    re.IGNORECASE,
)
_FAMILY_ZH: Final = re.compile(rf"^(?:我|免贵)?姓(?P<family>[{_HAN}]{{1,2}})$")
_NAME_EN: Final = re.compile(
    r"(?:my (?:full |first )?name(?:'s| is)|i am|i'm|im|this is|it's|it is|call me|name:?"
    r"|you can call me)\s+(?P<name>[^\d,.!?]{2,60})$",
    re.IGNORECASE,
)
_BARE_NAME: Final = re.compile(rf"[{_HAN}]{{2,8}}|[^\W\d_][^\W\d_]*(?:[ .'-]+[^\W\d_]+){{0,4}}\.?")
_NO_NAME: Final = re.compile(
    r"怎么|什么|多少|吗|为啥|退|换|投诉|订单|发票|运费|可以|没有|不想|不要|告诉|你们|客服|\b(?:how|what|why|order"
    r"|refund|return|help|none|no)\b"
)
_TITLES: Final = re.compile(r"(?:先生|女士|小姐|太太|老师|同学)$")

_PLACE: Final = re.compile(
    r"[省市区县镇乡村路街道巷弄号栋幢楼室院苑城园]|大厦|小区|\d|\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|floor"
    r"|flat|apt|apartment|room|block|building|district|city|county|blvd|square|court|way|po box)\b"
)
_ADDRESS_IS: Final = re.compile(
    r"^(?:我(?:的|家)?)?(?:新的?|收货|送货|联系|家庭|现在的?)?(?:地址|住址)(?:是|为|在|改为|改成)?[:：,\s]*"
    r"|^(?:我)?(?:家)?(?:住在?|在)(?=.{4})|^(?:my |the )?(?:new |home |shipping |delivery )?address(?: is|[:：])\s*"
    r"|^i live (?:at|in)\s+",
    re.IGNORECASE,
)


def read_phone(text: str, words: str, region: str, locale: str = "") -> Read:
    """A telephone number in E.164 form. Codes: ``phone_missing``, ``phone_too_short``, ``phone_too_long``,
    ``phone_impossible``, ``phone_country`` (it may well be one of another country, which is not said).

    Who writes Traditional Chinese may have a number of Taiwan or Hong Kong.
    """
    looked_at = words[:_LOOKED_AT]
    if spoken := _SPOKEN_RUN.search(looked_at):
        looked_at = looked_at[: spoken.start()] + spoken[0].translate(_SPOKEN) + looked_at[spoken.end() :]
    found = sorted(_PHONE.finditer(looked_at), key=lambda each: -sum(sign.isdigit() for sign in each[0]))
    outcome = "phone_missing"
    for match in found[:3]:
        value, fault = _of_some_region(match[0], region, locale)
        if value:
            return Read(value, rest=length_of(words) - length_of(match[0]))
        if outcome == "phone_missing" and sum(sign.isdigit() for sign in match[0]) >= _FEWEST:
            outcome = fault
    return Read(code=outcome, tried=outcome != "phone_missing")


_TRADITIONAL: Final = ("TW", "HK")


def _of_some_region(digits: str, region: str, locale: str) -> tuple[str | None, str]:
    value, fault = _phone(digits, region)
    if locale == "zh-Hant" and (value is None or not _is_mobile(digits, region)) and not digits.startswith("+"):
        for other in _TRADITIONAL:
            if other != region and (abroad := _phone(digits, other)[0]) is not None:
                return abroad, ""
    if value is not None and region == "CN" and not digits.startswith("+") and not _as_written_in_china(digits, locale):
        return None, "phone_country"
    return value, fault


def _is_mobile(digits: str, region: str) -> bool:
    return region == "CN" and re.fullmatch(r"1[3-9]\d{9}", re.sub(r"\D", "", digits)) is not None


_FIXED: Final = re.compile(r"[(]?(0(?:10|2\d|[3-9]\d\d))[)]?[ -]?([2-8][\d -]{6,9})")


def _as_written_in_china(digits: str, locale: str) -> bool:
    """Whether a number without a country's code is a mobile number, or a fixed line with its area code set off as
    people there do; who writes English sets it off, since abroad mobile numbers look like it."""
    if not digits.lstrip("(").startswith("0"):
        return True
    fixed = _FIXED.fullmatch(digits.strip())
    if fixed is None or len(re.sub(r"\D", "", fixed[2])) not in (7, 8):
        return False
    return locale != "en" or not re.fullmatch(r"07\d{9}", digits)


@lru_cache(maxsize=64)
def _phone(digits: str, region: str) -> tuple[str | None, str]:
    import phonenumbers  # 2 MB that a process without such a form need not carry

    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None, "phone_impossible"
    if phonenumbers.is_valid_number(number):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), ""
    match phonenumbers.is_possible_number_with_reason(number):
        case phonenumbers.ValidationResult.TOO_SHORT | phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return None, "phone_too_short"
        case phonenumbers.ValidationResult.TOO_LONG:
            return None, "phone_too_long"
    # A Chinese mobile number has eleven digits; one with ten passes as a possible fixed line.
    plain_digits = re.sub(r"\D", "", digits)
    if region == "CN" and plain_digits.startswith("1") and len(plain_digits) != _MOBILE:
        return None, "phone_too_short" if len(plain_digits) < _MOBILE else "phone_too_long"
    return None, "phone_impossible"


_MOBILE: Final = 11


def read_email(text: str) -> Read:
    """An e-mail address, its domain in lower case. Codes: ``email_missing``, ``email_incomplete``,
    ``email_impossible``."""
    looked_at = unicodedata.normalize("NFKC", text[:_LOOKED_AT])
    for pattern, sign in _SPELT:
        if "@" not in looked_at or sign == ".":
            looked_at = pattern.sub(sign, looked_at)
    match = _EMAIL.search(looked_at)
    if not match:
        return Read(code="email_incomplete" if "@" in looked_at else "email_missing", tried="@" in looked_at)
    value = _email(re.sub(r"\s", "", match[0]).replace(",", ".").strip("."))
    if value is None:
        return Read(code="email_impossible", tried=True)
    return Read(value, rest=length_of(looked_at) - length_of(match[0]))


@lru_cache(maxsize=64)
def _email(address: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


def read_name(text: str, words: str) -> Read:
    """What somebody is called, as they wrote it. Code: ``name_missing``."""
    said = text.strip().strip("。.!！,，~ ")
    if len(said) > _LONGEST_NAME:
        return Read(code="name_missing")
    if match := _FAMILY_ZH.match(said):
        return Read(match["family"])
    for pattern in (_NAME_ZH, _NAME_EN):
        if (match := pattern.search(said)) and not _NO_NAME.search(core(words)):
            return Read(_TITLES.sub("", _tidy(match["name"])) or _tidy(match["name"]))
    if _BARE_NAME.fullmatch(said) and not _NO_NAME.search(words) and "?" not in words:
        return Read(_tidy(said), rest=length_of(said))
    return Read(code="name_missing")


_LONGEST_NAME: Final = 80


def _tidy(name: str) -> str:
    return " ".join(name.split()).strip(" .,-")


def read_address(text: str, words: str) -> Read:
    """An address as written, without "my address is". Code: ``address_incomplete``."""
    said = _ADDRESS_IS.sub("", " ".join(text.split()), count=1).strip(" ,，。;；")
    if length_of(said) >= _SHORTEST_ADDRESS and _PLACE.search(words):
        return Read(said)
    return Read(code="address_incomplete")


_SHORTEST_ADDRESS: Final = 5
