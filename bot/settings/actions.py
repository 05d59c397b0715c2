"""The section about actions: those that an outside Rasa may call here, and those of ours that run elsewhere."""

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from bot.settings.addresses import is_this_machine
from bot.settings.section import Locale, Section

ActionName = Annotated[str, Field(pattern=r"^action_[a-z0-9_]{1,90}$")]


class RemoteActions(Section):
    """One action server of somebody else, in Rasa's protocol, and the actions of flows that it carries out."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Its name; for one that is not ours, the name in the register of third parties."""
    url: str
    """Where calls are posted, such as ``https://actions.example.com/webhook``."""
    secret: SecretStr | None = None
    """Sent as ``Authorization: Bearer …``."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 5.0
    """What one call may take; less than ``turn.outside_action_s``."""
    actions: Annotated[list[ActionName], Field(min_length=1)]
    ours: bool = False
    """Whether the company runs it itself. Any other is a third party: what it is given is checked and logged (PR3)."""
    purpose: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]{0,59}$")] | None = None
    """What a third party is given data for, as the register says it."""
    slots: list[str] | None = None
    """Of the slots that a flow uses, only these are sent; unset: all of them."""
    message: bool = False
    """Whether the customer's last words are sent too."""
    answer_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 256 * 1024
    """An answer that is longer is refused."""

    @field_validator("secret")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        return _long(value, 16)

    @model_validator(mode="after")
    def _can_be_used(self) -> "RemoteActions":
        url = HttpUrl(self.url)
        if url.username or url.password or url.fragment:
            raise ValueError("url has an address only; a password goes into secret")
        if url.scheme != "https" and not self.ours and not is_this_machine(url.host or ""):
            raise ValueError("https, except to this machine or where ours = true")
        if not self.ours and self.purpose is None:
            raise ValueError("purpose is needed: what a third party is given data for; or ours = true")
        return self


class Actions(Section):
    secret: SecretStr | None = None
    """Shared with the Rasa that may call our actions at ``/webhook``; unset: nobody may."""
    account: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "rasa"
    """The account under which its customers are known here."""
    locale: Locale = "zh-Hans"
    """Their language, where a call does not say it."""
    only: list[ActionName] = []
    """The actions that it may call; empty: all that there are."""
    call_bytes: Annotated[int, Field(ge=4096, le=64 * 1024 * 1024)] = 2 * 1024 * 1024
    """A call that is longer is refused; Rasa sends the whole conversation with each."""
    calls_per_minute: Annotated[int, Field(ge=1)] = 1200
    remote: list[RemoteActions] = []

    @property
    def remote_names(self) -> frozenset[str]:
        """The actions that run elsewhere."""
        return frozenset(name for server in self.remote for name in server.actions)

    @field_validator("secret")
    @classmethod
    def _secret_is_long(cls, value: SecretStr | None) -> SecretStr | None:
        return _long(value, 32)

    @field_validator("account")
    @classmethod
    def _account_is_free(cls, value: str) -> str:
        if value == "terminal":
            raise ValueError("terminal is the account of yingda chat")
        return value

    @model_validator(mode="after")
    def _names_are_unique(self) -> "Actions":
        for what, names in (
            ("server", [server.name for server in self.remote]),
            ("action", [name for server in self.remote for name in server.actions]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"each {what} may be named once: {', '.join(twice)}")
        return self


def _long(value: SecretStr | None, least: int) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < least:
        raise ValueError(f"at least {least} characters")
    return value
