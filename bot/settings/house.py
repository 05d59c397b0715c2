"""The sections of the house itself: network, limits, turns, database, staff, web channels."""

import ipaddress
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator

from bot.settings.section import Locale, Section


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
    action_s: Annotated[float, Field(gt=0, le=10)] = 2.0
    """What all actions of one turn may take together inside its transaction."""
    outside_action_s: Annotated[float, Field(gt=0, le=300)] = 20.0
    """What one try at an action may take that leaves our store, after the turn was committed."""
    outside_action_tries: Annotated[int, Field(ge=1, le=20)] = 3

    @property
    def outside_s(self) -> float:
        """What an outside action may take in all: its tries, the pauses between them, and a little for the way."""
        return self.outside_action_tries * (self.outside_action_s + 6 * self.outside_action_tries) + 10


class Database(Section):
    pool_size: Annotated[int, Field(ge=2, le=200)] = 16
    wait_s: Annotated[float, Field(gt=0)] = 5.0
    """How long a request waits for a free connection before it gets a 503."""


class Spool(Section):
    """Where what came in is kept while the store is away: ``spool`` under ``var_dir``, sealed."""

    limit_mb: Annotated[int, Field(ge=1, le=65536)] = 64
    """What is beyond it is refused with a 503; a text message takes less than a kilobyte."""


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
