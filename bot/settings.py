"""Every number and name a company may change, read from ``yingda.toml`` and the environment.

The environment wins: ``YINGDA_HTTP__PORT=9000`` sets ``[http] port``. Numbers that a regulation fixes carry
the id of its row in their description. Secrets are ``SecretStr``: they print as stars everywhere.
"""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    RedisDsn,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError

from bot.urls import libpq_url

Locale = Literal["zh-Hans", "zh-Hant", "en"]
LOCALES: tuple[Locale, ...] = ("zh-Hans", "zh-Hant", "en")


class SettingsFault(Exception):
    """The settings are wrong; ``faults`` has one line per fault, without the values."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Http(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    drain_s: Annotated[float, Field(gt=0, le=300)] = 20.0
    trusted_proxies: list[str] = []
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, value: list[str]) -> list[str]:
        try:
            for address in value:
                ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise ValueError("addresses or networks, such as 10.0.0.1 or 10.0.0.0/8") from None
        return value


class Limits(Section):
    text_bytes: Annotated[int, Field(ge=256, le=65536)] = 8192
    blob_bytes: Annotated[int, Field(ge=1024)] = 10 * 1024 * 1024
    messages_per_visitor: Annotated[int, Field(ge=1)] = 30
    """How many messages one visitor may send in ``messages_window_s``."""
    messages_window_s: Annotated[float, Field(gt=0)] = 60.0
    signals_per_visitor: Annotated[int, Field(ge=1)] = 240
    """How much else one visitor may send or ask for (receipts, typing, pings, polls) in ``signals_window_s``."""
    signals_window_s: Annotated[float, Field(gt=0)] = 60.0
    sessions_per_address: Annotated[int, Field(ge=1)] = 60
    sessions_window_s: Annotated[float, Field(gt=0)] = 60.0
    sockets_per_address: Annotated[int, Field(ge=1)] = 200
    """How many sockets and waiting polls an address may hold open; an IPv6 address counts as its /64."""
    upload_bytes_per_address: Annotated[int, Field(ge=1024)] = 200 * 1024 * 1024
    """How many bytes of files an address may send in ``uploads_window_s``."""
    uploads_window_s: Annotated[float, Field(gt=0)] = 600.0
    faults_per_socket: Annotated[int, Field(ge=1)] = 20


class Turn(Section):
    decide_s: Annotated[float, Field(gt=0, le=30)] = 1.0
    """What a decision may take before the customer gets an apology and a person."""
    lock_s: Annotated[float, Field(gt=0, le=30)] = 5.0
    idle_transaction_s: Annotated[float, Field(gt=0, le=60)] = 8.0
    """A dead host frees its conversations after this time."""
    crashes_before_person: Annotated[int, Field(ge=1)] = 2
    """After so many attempts that killed their process, the message goes to a person undecided."""
    close_after_silence_h: Annotated[float, Field(gt=0)] = 24.0


class Service(Section):
    answer_within_h: Annotated[float, Field(gt=0)] = 24.0
    """SL1: an enquiry is answered within 24 h; promised to the customer on hand-over."""


class Database(Section):
    pool_size: Annotated[int, Field(ge=2, le=200)] = 16
    wait_s: Annotated[float, Field(gt=0)] = 5.0
    """How long a request waits for a free connection before it gets a 503."""


class Staff(Section):
    link_days: Annotated[float, Field(gt=0)] = 7.0
    session_idle_h: Annotated[float, Field(gt=0)] = 12.0
    session_days: Annotated[float, Field(gt=0)] = 7.0


class WebChannel(Section):
    kind: Literal["web"] = "web"
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    title: dict[Locale, str] = {}
    origins: list[str] = []
    """Pages that may embed the widget, as origins (``https://shop.example.com``); empty: our own demo page."""
    identity_secret: SecretStr | None = None
    """Shared with the shop, which signs the identity of its logged-in customers with it (HS256)."""
    session_hours: Annotated[float, Field(gt=0)] = 12.0
    identity_hours: Annotated[float, Field(gt=0)] = 24.0
    """How long after the shop's word a session of its customer may be renewed without a new one."""

    @field_validator("origins")
    @classmethod
    def _origins_are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            url = HttpUrl(origin)
            if url.path not in (None, "/") or url.query or origin.endswith("/"):
                raise ValueError("an origin is scheme, host and port, without a path")
        return value

    @field_validator("identity_secret")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("at least 32 characters")
        return value


Channel = WebChannel
DEMO_TITLE: dict[Locale, str] = {"zh-Hans": "暖居电器", "zh-Hant": "暖居電器", "en": "Nuanju Home Appliances"}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="YINGDA_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    var_dir: Path = Path("var")
    database_url: SecretStr | None = None
    """The application role's database; unset: an embedded PostgreSQL under ``var_dir``."""
    owner_database_url: SecretStr | None = None
    """The owner's, for migrations; unset: ``database_url``."""
    redis_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    """Signs session tokens; at least 32 characters; unset: made once and kept in ``var_dir``."""
    public_url: str | None = None
    """How browsers reach this server, for links; unset: ``http://host:port``."""
    demo: bool = True
    """Load the demo company when the store has no articles."""
    worker: bool = True
    """Run jobs inside ``yingda serve``."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "console"] = "auto"
    otlp_endpoint: str | None = None
    """Where traces go (OTLP over HTTP); unset: nowhere."""

    http: Http = Http()
    limits: Limits = Limits()
    turn: Turn = Turn()
    service: Service = Service()
    database: Database = Database()
    staff: Staff = Staff()
    channels: list[Channel] = [WebChannel(name="shop", title=DEMO_TITLE)]

    @field_validator("secret_key")
    @classmethod
    def _key_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("at least 32 characters")
        return value

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _address_is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                conninfo_to_dict(libpq_url(value.get_secret_value()))
            except psycopg.Error:  # its message would quote the password
                raise ValueError("not a PostgreSQL address (postgresql://user:password@host/database)") from None
        return value

    @field_validator("redis_url")
    @classmethod
    def _address_is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                RedisDsn(value.get_secret_value())
            except ValidationError:
                raise ValueError("not a Redis address (redis://host:6379/0)") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url_is_one(cls, value: str | None) -> str | None:
        if value is not None:
            HttpUrl(value)
        return value

    @model_validator(mode="after")
    def _hangs_fit_into_transactions(self) -> "Settings":
        # One hang takes decide_s, those that hang beside it a tenth each; their transactions wait meanwhile.
        if self.turn.decide_s * (1 + self.database.pool_size / 10) + 1 > self.turn.idle_transaction_s:
            raise ValueError("turn.idle_transaction_s is too short for turn.decide_s and database.pool_size")
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Settings":
        names = [channel.name for channel in self.channels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"channel names must differ: {', '.join(twice)}")
        return self

    @property
    def base_url(self) -> str:
        """Where browsers find this server, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.http.host in ("0.0.0.0", "::", "") else self.http.host  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.http.port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = Path(os.environ.get("YINGDA_CONFIG", "yingda.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def read_settings(**overrides: Any) -> Settings:
    """The settings in force.

    Raises :class:`SettingsFault` with one line per fault (the place and what is wrong with it, never the value).
    """
    config = os.environ.get("YINGDA_CONFIG")
    if config and not Path(config).is_file():
        raise SettingsFault([f"YINGDA_CONFIG: there is no file {config}"])
    strangers = _strangers()
    if strangers:
        raise SettingsFault([f"{name}: there is no such setting" for name in strangers])
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsFault([_line(fault) for fault in error.errors(include_input=False, include_url=False)]) from None
    except (SettingsError, ValueError) as error:
        raise SettingsFault([f"{config or 'yingda.toml'}: {error}"]) from None


def _strangers() -> list[str]:
    """Environment names that look like ours and are not: a typing error should not pass in silence."""
    known = {f"YINGDA_{field.upper()}" for field in Settings.model_fields} | {"YINGDA_CONFIG"}
    ours = (name for name in os.environ if name.upper().startswith("YINGDA_"))
    return sorted(name for name in ours if name.upper().split("__")[0] not in known)


def _line(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "settings"
    return f"{place}: {fault['msg'].removeprefix('Value error, ')}"
