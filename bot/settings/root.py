"""All settings together, read from ``yingda.toml`` and the environment."""

import os
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import HttpUrl, RedisDsn, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.exceptions import SettingsError

from bot.faults import SettingsFault
from bot.settings.actions import Actions
from bot.settings.customers import Crm, KeysSection, Retention
from bot.settings.flows import Flows
from bot.settings.house import DEMO_TITLE, Channel, Database, Http, Limits, Spool, Staff, Turn, WebChannel
from bot.settings.outgoing import Codes, Mail, Sms
from bot.settings.service import Service
from bot.settings.wechat import WechatAccount, WechatSecrets, with_secrets
from bot.urls import libpq_url


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
    spool: Spool = Spool()
    staff: Staff = Staff()
    keys: KeysSection = KeysSection()
    crm: Crm = Crm()
    retention: Retention = Retention()
    mail: Mail = Mail()
    sms: Sms = Sms()
    codes: Codes = Codes()
    flows: Flows = Flows()
    actions: Actions = Actions()
    channels: list[Channel] = [WebChannel(name="shop", title=DEMO_TITLE)]
    wechat: list[WechatAccount] = []
    wechat_secrets: dict[str, WechatSecrets] = {}
    """What of the accounts in ``wechat`` stands in the environment, by their names; it wins."""

    @model_validator(mode="before")
    @classmethod
    def _accounts_have_their_secrets(cls, value: Any) -> Any:
        return with_secrets(value) if isinstance(value, dict) else value

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
        names = [channel.name for channel in self.channels] + [account.name for account in self.wechat]
        if self.actions.secret is not None:
            names.append(self.actions.account)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"channel names must differ: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _accounts_differ(self) -> "Settings":
        appids = [account.appid for account in self.wechat]
        if twice := sorted({appid for appid in appids if appids.count(appid) > 1}):
            raise ValueError(f"an official account stands here once: {', '.join(twice)}")
        if strangers := sorted(self.wechat_secrets.keys() - {account.name for account in self.wechat}):
            raise ValueError(f"wechat_secrets: there is no account {', '.join(strangers)}")
        logins = [name for account in self.wechat for name in account.web_login]
        if strangers := sorted(set(logins) - {channel.name for channel in self.channels}):
            raise ValueError(f"web_login: there is no web channel {', '.join(strangers)}")
        if twice := sorted({name for name in logins if logins.count(name) > 1}):
            raise ValueError(f"web_login: a web channel has one account to log in with: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _calls_end_before_their_tries(self) -> "Settings":
        slow = [server.name for server in self.actions.remote if server.timeout_s >= self.turn.outside_action_s]
        if slow:
            raise ValueError(f"timeout_s has to be less than turn.outside_action_s: {', '.join(slow)}")
        return self

    @property
    def base_url(self) -> str:
        """Where browsers find this server, without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        everywhere = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
        host = "127.0.0.1" if self.http.host in everywhere else self.http.host
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
