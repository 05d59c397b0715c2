"""What an emulated WeChat is set up with: accounts, rules, waits. Read from YAML or JSON; unknown names are refused."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from emulators.wechat.crypto import CryptoFault, key_of

Mode = Literal["plain", "compatible", "safe"]
Format = Literal["xml", "json"]
Right = Literal[
    "customer_service", "msgmenu", "menu", "media", "users", "qrcode", "oauth", "template", "subscription", "mass"
]
RIGHTS: dict[tuple[str, bool], frozenset[Right]] = {
    ("service", True): frozenset(
        ("customer_service", "msgmenu", "menu", "media", "users", "qrcode", "oauth", "template", "subscription", "mass")
    ),
    ("service", False): frozenset(("menu",)),
    ("subscription", True): frozenset(("customer_service", "menu", "media", "users", "subscription", "mass")),
    ("subscription", False): frozenset(),
}
"""What WeChat lets an account do, by its kind and whether it is verified; all else is refused with 48001."""


class SettingsRefused(Exception):
    """The settings are wrong; the text has a line per fault."""


class Section(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Window(Section):
    """After one kind of interaction: so many customer-service messages (``None``: any number) in so many seconds."""

    messages: int | None = Field(default=None, ge=0)
    seconds: float = Field(gt=0)


class Windows(Section):
    """The send windows, and how several that are open at once combine (WeChat does not say).

    ``each``: every interaction has its own allowance and the one that ends first is used up first; ``latest``: a new
    interaction takes the place of all earlier ones; ``largest``: the largest one open counts, alone.
    """

    message: Window = Window(messages=5, seconds=48 * 3600)
    tap: Window = Window(messages=3, seconds=60)
    subscribe: Window = Window(messages=3, seconds=60)
    scan: Window = Window(messages=3, seconds=60)
    payment: Window = Window(messages=None, seconds=48 * 3600)
    combine: Literal["each", "latest", "largest"] = "each"


class Template(Section):
    """A template of an account: ``content`` has fields ``{{name.DATA}}``.

    A ``subscription`` template needs the user's consent: one send per consent, or any number if ``long_term``.
    """

    id: str
    title: str
    content: str
    kind: Literal["template", "subscription"] = "template"
    long_term: bool = False


class AccountSettings(Section):
    """One official account as the console of WeChat would show it."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    appid: str = Field(pattern=r"^wx[0-9a-zA-Z]{4,30}$")
    secret: str = Field(min_length=8)
    original_id: str = Field(pattern=r"^gh_[0-9a-zA-Z]{4,30}$")
    title: str = ""
    push_url: str | None = None
    token: str = Field(min_length=3, max_length=32)
    aes_key: str | None = None
    previous_aes_key: str | None = None
    push_key: Literal["current", "previous"] = "current"
    mode: Mode = "plain"
    format: Format = "xml"
    kind: Literal["service", "subscription"] = "service"
    verified: bool = True
    grant: frozenset[Right] = frozenset()
    deny: frozenset[Right] = frozenset()
    open_platform: str | None = None
    allowed_addresses: tuple[str, ...] = ()
    oauth_domains: tuple[str, ...] = ()
    kf_accounts: tuple[str, ...] = ()
    templates: tuple[Template, ...] = ()
    materials: frozenset[str] = frozenset()
    daily_quotas: dict[str, Annotated[int, Field(ge=0)]] = {}
    minute_quotas: dict[str, Annotated[int, Field(ge=0)]] = {}

    @property
    def rights(self) -> frozenset[Right]:
        """What this account may do."""
        return (RIGHTS[self.kind, self.verified] | self.grant) - self.deny

    @property
    def encrypts(self) -> bool:
        """Whether pushes carry a cipher text."""
        return self.mode != "plain"

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        for key in (self.aes_key, self.previous_aes_key):
            if key is not None:
                try:
                    key_of(key)
                except CryptoFault as fault:
                    raise ValueError(str(fault)) from None
        if self.encrypts and (self.aes_key if self.push_key == "current" else self.previous_aes_key) is None:
            raise ValueError(f"mode {self.mode} needs the {self.push_key} EncodingAESKey")
        return self


class Delivery(Section):
    """How pushes are delivered. Seconds here are WeChat's; each is multiplied by ``scale``.

    A try begins at the earliest ``spacing_s`` after the one before began, also if that was refused at once: WeChat does
    not say, and a server that is being started again has its chance. ``resign_retries``: a retry has a fresh timestamp,
    nonce and signature; without it all of a retry is identical. ``signed_at``: the clock that ``timestamp`` is read
    from; a server that refuses old ones lives by the wall's.
    """

    tries: int = Field(default=3, ge=1, le=10)
    timeout_s: float = Field(default=5.0, gt=0)
    spacing_s: float = Field(default=5.0, ge=0)
    scale: float = Field(default=1.0, gt=0, le=10)
    resign_retries: bool = False
    signed_at: Literal["wall", "clock"] = "wall"


class Tokens(Section):
    """Access tokens, in seconds and calls."""

    lifetime_s: float = 7200
    overlap_s: float = 300
    renewed_before_s: float = 300
    fetches_a_day: int = 2000
    forced_a_day: int = 20
    forced_apart_s: float = 30


class Settings(Section):
    """Everything."""

    accounts: tuple[AccountSettings, ...] = Field(min_length=1)
    seed: int = 1
    public_url: str = ""
    delivery: Delivery = Delivery()
    windows: Windows = Windows()
    tokens: Tokens = Tokens()
    text_bytes: int = 2048
    msgmenu_items: int = 10
    unfollowed_errcode: Literal[43004, 45015] = 43004
    media_lifetime_s: float = 3 * 24 * 3600
    kept_deliveries: int = Field(default=20_000, ge=1)
    kept_shown: int = Field(default=500, ge=10)

    @model_validator(mode="after")
    def _accounts_differ(self) -> Self:
        for field in ("name", "appid", "original_id"):
            values = [getattr(account, field) for account in self.accounts]
            if len(set(values)) < len(values):
                raise ValueError(f"two accounts have the same {field}")
        return self


DEMO = AccountSettings(
    name="shop",
    title="演示服务号",
    appid="wx0123456789abcdef",
    secret="0123456789abcdef0123456789abcdef",  # noqa: S106 - known to everybody
    original_id="gh_0123456789ab",
    token="emulated",  # noqa: S106
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    mode="safe",
)
"""The account of an emulator that was given none: its secrets are public, it protects nothing."""


def read_settings(path: Path) -> Settings:
    """The settings in a YAML or JSON file; raises :class:`SettingsRefused`."""
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SettingsRefused(f"{path}: {fault}") from None
    except ValidationError as faults:
        raise SettingsRefused(faults_of(faults)) from None


def faults_of(faults: ValidationError) -> str:
    """A line per fault: where it is and what is wrong, without the value (it may be a secret)."""
    return "\n".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults.errors())
