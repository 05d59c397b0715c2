"""The section about WeChat: official accounts, each with what its console at WeChat shows."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from bot.settings.addresses import is_this_machine
from bot.settings.section import Section
from bot.settings.wechat_notices import Occasion, WechatNotice, check_notices

_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")
_TOKEN = re.compile(r"[!-~]{3,32}")
_MOST_TAGS, _TAG_BYTES = 100, 30
_API, _OPEN, _MP = "https://api.weixin.qq.com", "https://open.weixin.qq.com", "https://mp.weixin.qq.com"


class WechatSecrets(Section):
    """What of an account belongs in the environment: ``YINGDA_WECHAT_SECRETS='{"shop": {"secret": "…"}}'``."""

    secret: SecretStr | None = None
    """The AppSecret: access tokens are fetched with it."""
    token: SecretStr | None = None
    """What pushes are signed with."""
    aes_key: SecretStr | None = None
    """The EncodingAESKey, 43 characters; not needed where ``mode = "plain"``."""
    previous_aes_key: SecretStr | None = None
    """The EncodingAESKey before the last change: pushes come with it for a while."""

    @field_validator("secret")
    @classmethod
    def _secret_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{8,64}", value.get_secret_value()):
            raise ValueError("8 to 64 characters, as WeChat's console shows it")
        return value

    @field_validator("token")
    @classmethod
    def _token_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("3 to 32 letters and digits")
        return value

    @field_validator("aes_key", "previous_aes_key")
    @classmethod
    def _key_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _AES_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        return value


class WechatAccount(WechatSecrets):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """How it is called here; WeChat pushes to ``/channels/<name>/webhook``."""
    appid: Annotated[str, Field(pattern=r"^wx[0-9a-zA-Z]{4,30}$")]
    mode: Literal["plain", "compatible", "safe"] = "safe"
    """How pushes come, as chosen in WeChat's console."""
    kind: Literal["service", "subscription"] = "service"
    """What WeChat lets it do depends on it: a subscription account answers passively, mostly."""
    api_url: str = _API
    """Where WeChat's API is; an emulator's may stand here."""
    open_url: str | None = None
    """Where users log in on web pages; unset: WeChat's, and the emulator's where ``api_url`` is another one."""
    mp_url: str | None = None
    """Where pictures of QR codes are; unset: as with ``open_url``."""
    push_try_s: Annotated[float, Field(ge=0.2, le=5)] = 5.0
    """How long WeChat waits for the answer to a push before it sends it again; an emulator may be less patient."""
    push_tries: Annotated[int, Field(ge=1, le=4)] = 3
    """How often it sends a push in all."""
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 5.0
    """What one call may take."""
    media_timeout_s: Annotated[float, Field(gt=0, le=300)] = 60.0
    """What an upload or a download may take."""
    retry_s: Annotated[float, Field(ge=0, le=60)] = 10.0
    """For how long a call is tried again that WeChat was too busy for or never got."""
    media_bytes: Annotated[int, Field(ge=1024, le=100 * 1024 * 1024)] = 20 * 1024 * 1024
    """A file from a customer that is longer is not fetched."""
    windows: Literal["largest", "latest"] = "largest"
    """How send windows combine that are open at once, which WeChat does not say: ``largest``: what is sent counts
    against each, and the one with most left holds; ``latest``: only the customer's last act counts."""
    message_menus: bool | None = None
    """Whether choices may be sent as a menu to tap, outside the answer to a push; unset: by a service account."""
    wait_h: Annotated[float, Field(gt=0, le=720)] = 48.0
    """For so many hours an answer that may only go out with the customer's next message waits for it."""
    typing_after_s: Annotated[float, Field(ge=0, le=15)] = 1.5
    """Who waits longer for an answer sees that it is being written; 0: never."""
    open_platform: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] | None = None
    """Accounts bound to one Open Platform have one name here: their users are told apart by ``unionid``."""
    web_login: tuple[str, ...] = ()
    """Web channels whose visitors may log in with WeChat by this account; at WeChat, ``public_url``'s host has to be
    entered as its 网页授权域名."""
    menu_file: Path | None = None
    """The menu at the bottom of the chat; unset: the demo company's."""
    tags: dict[str, str] = {}
    """By tags of customers, the tags that WeChat is told of them; all others stay in the house."""
    tags_recipient: Annotated[str, Field(min_length=1, max_length=100)] = "wechat"
    """WeChat's name in the register of third parties (PR3): tags say something of a person to it."""
    tags_purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")] = "customer_tags"
    """What WeChat is told tags for, as the register says it."""
    desk: Literal["ours", "wechat"] = "ours"
    """Where people answer: at this console, or at WeChat's own service desk, to which a customer who wants a person is
    transferred; what they say then bypasses us until that session is closed."""
    desk_agent: Annotated[str, Field(min_length=3, max_length=128, pattern=r"^[^\s@]+@[^\s@]+$")] | None = None
    """With WeChat's desk, the one account of it (``kf2001@gh_test``) that gets all of them."""
    notices: tuple[WechatNotice, ...] = ()
    """What may be told outside the send window, by templates of the account."""

    @field_validator("name")
    @classmethod
    def _name_is_free(cls, value: str) -> str:
        if value == "terminal":
            raise ValueError("terminal is the account of yingda chat")
        return value

    @property
    def login_url(self) -> str:
        """Where a browser is sent to log in."""
        return self.open_url or (_OPEN if self.api_url == _API else self.api_url)

    @property
    def picture_url(self) -> str:
        """Where the pictures of QR codes are."""
        return self.mp_url or (_MP if self.api_url == _API else self.api_url)

    @field_validator("tags")
    @classmethod
    def _tags_can_be_made(cls, value: dict[str, str]) -> dict[str, str]:
        if len(set(value.values())) > _MOST_TAGS:
            raise ValueError(f"an account has {_MOST_TAGS} tags at most")
        if any(not name.strip() for name in value):
            raise ValueError("a customer's tag has a name")
        if bad := sorted(name for name in value.values() if not 0 < len(name.strip().encode()) <= _TAG_BYTES):
            raise ValueError(f"WeChat's tags have 1 to {_TAG_BYTES} bytes (a Chinese character has 3): {bad}")
        return {tag: name.strip() for tag, name in value.items()}

    @field_validator("api_url", "open_url", "mp_url")
    @classmethod
    def _url_is_private(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = HttpUrl(value)
        if url.username or url.password or url.query or url.fragment or url.path not in (None, "/"):
            raise ValueError("scheme, host and port only")
        if url.scheme != "https" and not is_this_machine(url.host or ""):
            raise ValueError("https, except to this machine")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _is_whole(self) -> "WechatAccount":
        needed = ["secret", "token"] if self.mode == "plain" else ["secret", "token", "aes_key"]
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"{', '.join(missing)}: needed with mode {self.mode}, here or in wechat_secrets")
        check_notices(self.notices, service_account=self.kind == "service")
        return self

    def notice(self, name: Occasion) -> WechatNotice | None:
        """The one for this occasion, if the account has it."""
        return next((notice for notice in self.notices if notice.name == name), None)


def with_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they were read, each WeChat account with what ``wechat_secrets`` has under its name, which wins."""
    accounts, secrets = settings.get("wechat"), settings.get("wechat_secrets")
    if not isinstance(secrets, Mapping) or not isinstance(accounts, list | tuple):
        return dict(settings)
    whole = [
        {**account, **_of(secrets, account.get("name"))} if isinstance(account, Mapping) else account
        for account in accounts
    ]
    return {**settings, "wechat": whole}


def _of(secrets: Mapping[str, Any], name: object) -> Mapping[str, Any]:
    found = secrets.get(name) if isinstance(name, str) else None
    return found if isinstance(found, Mapping) else {}
