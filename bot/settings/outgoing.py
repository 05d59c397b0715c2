"""The sections about mail and text messages: who carries them, and how often a code may be asked for."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, HttpUrl, JsonValue, SecretStr, field_validator, model_validator

from bot.settings.addresses import is_this_machine
from bot.settings.house import DEMO_TITLE
from bot.settings.section import LOCALES, Locale, Section

PLACEHOLDER = re.compile(r"\{(\w+)\}")
_OURS = frozenset({"to", "text", "code"})
_USUAL_PORTS = {"starttls": 587, "implicit": 465, "none": 25}


def _address(value: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # only where an address is set

    try:
        return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        raise ValueError("not an e-mail address") from None


Address = Annotated[str, AfterValidator(_address)]


class Mail(Section):
    host: str | None = None
    """The SMTP server; unset: no mail is sent, ``yingda serve`` shows what would be."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Unset: 587 with ``starttls``, 465 with ``implicit``, 25 with ``none``."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """``none`` only to a server on this machine: names, codes and links go in the mail."""
    user: str | None = None
    password: SecretStr | None = None
    sender: Address | None = None
    """The address that the mail is from; needed with ``host``."""
    sender_name: dict[Locale, str] = DEMO_TITLE
    """Who writes, in mail and in text messages."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 20.0
    alerts: list[Address] = []
    """Who hears of what needs a person's eye."""
    alerts_locale: Locale = "zh-Hans"
    """Their language."""
    keep_days: Annotated[int, Field(ge=2, le=365)] = 30
    """How long what was sent, mail or text message, can be looked up."""

    @property
    def configured(self) -> bool:
        """Whether mail can be sent."""
        return self.host is not None

    @property
    def port_in_use(self) -> int:
        """The port, or the usual one of the TLS mode."""
        return self.port or _USUAL_PORTS[self.tls]

    @field_validator("sender_name")
    @classmethod
    def _every_language_has_a_name(cls, value: dict[Locale, str]) -> dict[Locale, str]:
        if any(not value.get(locale, "").strip() for locale in LOCALES):
            raise ValueError(f"a name in each of {', '.join(LOCALES)}")
        return value

    @model_validator(mode="after")
    def _can_be_used(self) -> "Mail":
        if self.configured and self.sender is None:
            raise ValueError("sender is needed: the address that the mail is from")
        if self.configured and self.tls == "none" and not is_this_machine(self.host or ""):
            raise ValueError("tls = 'none' is for a server on this machine only")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self


class Sms(Section):
    """An HTTP provider by template: ``{to}``, ``{text}``, ``{code}`` and the names of ``secrets`` are filled in."""

    url: str | None = None
    """Unset: no text message is sent, ``yingda serve`` shows what would be."""
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, SecretStr] = {}
    format: Literal["json", "form"] = "json"
    body: dict[str, JsonValue] = {}
    secrets: dict[str, SecretStr] = {}
    """Keys and passwords for the placeholders of their names."""
    success_status: list[Annotated[int, Field(ge=200, le=599)]] = [200, 201, 202]
    success_path: str | None = None
    """Where the answer's JSON says how it went, such as ``result.code``; unset: the status alone says it."""
    success_values: list[str] = []
    """What stands there when it went well."""
    id_path: str | None = None
    """Where the answer's JSON has the provider's id of the message."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0

    @property
    def configured(self) -> bool:
        """Whether text messages can be sent."""
        return self.url is not None

    @field_validator("url")
    @classmethod
    def _url_is_private(cls, value: str | None) -> str | None:
        if value is not None:
            url = HttpUrl(PLACEHOLDER.sub("x", value))
            if url.scheme != "https" and not is_this_machine(url.host or ""):
                raise ValueError("https, except to this machine")
        return value

    @model_validator(mode="after")
    def _template_is_whole(self) -> "Sms":
        names = {name for text in self._templates() for name in PLACEHOLDER.findall(text)}
        if strangers := sorted(names - _OURS - self.secrets.keys()):
            raise ValueError(f"nothing is known to fill {', '.join(strangers)} with")
        if self.configured and "to" not in names:
            raise ValueError("{to} stands nowhere in the template")
        if (self.success_path is None) != (not self.success_values):
            raise ValueError("success_path and success_values go together")
        if self.format == "form" and any(isinstance(value, dict | list) for value in self.body.values()):
            raise ValueError("a form has no nested values")
        return self

    def _templates(self) -> list[str]:
        headers = [value.get_secret_value() for value in self.headers.values()]
        return [self.url or "", *headers, *_strings(self.body)]


class Codes(Section):
    """Confirmation codes for a phone or an e-mail address."""

    minutes: Annotated[float, Field(gt=0, le=60)] = 10.0
    tries: Annotated[int, Field(ge=1, le=10)] = 5
    window_minutes: Annotated[float, Field(gt=0)] = 10.0
    per_window: Annotated[int, Field(ge=1)] = 3
    """How many one customer may ask for, and how many may go to one target."""
    per_day: Annotated[int, Field(ge=1)] = 10


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]
