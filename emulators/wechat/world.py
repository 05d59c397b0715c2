"""Everything the emulator knows, in memory and in one process."""

import random
from collections import Counter, deque
from dataclasses import dataclass

from emulators.wechat.account import Account, Chat, Person, derived
from emulators.wechat.clock import Clock
from emulators.wechat.errors import BadCommand
from emulators.wechat.faults import Faults
from emulators.wechat.grants import Grants
from emulators.wechat.phone import Phone
from emulators.wechat.settings import AccountSettings, Settings
from emulators.wechat.windows import SendWindow

FIRST_ID = 24_000_000_000_000_000
IDS_OF_A_SEED = 1_000_000
"""An account that is kept when the emulator is started with another seed has not seen its message ids."""
KEPT_CALLS = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API as it was answered."""

    at: float
    account: str
    path: str
    errcode: int
    rid: str
    seconds: float


class World:
    """Accounts, users, the clock and the faults; the same seed gives the same identifiers."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.public_url = settings.public_url
        self.clock = Clock()
        self.faults = Faults()
        self.stopping = False
        self._configured = settings
        self._begin()

    def _begin(self) -> None:
        self.random = random.Random(self.settings.seed)  # noqa: S311 - repeatable on purpose, protects nothing
        self._number = FIRST_ID + (self.settings.seed - 1) * IDS_OF_A_SEED
        self._identifiers = 0
        self.accounts = {settings.appid: Account(settings, self) for settings in self.settings.accounts}
        self.people: dict[str, Person] = {}
        self.grants = Grants()
        self.calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.called: Counter[tuple[str, int]] = Counter()

    def reset(self, *, settings: bool) -> None:
        """Back to how it was at the start; ``settings``: those that were changed meanwhile too."""
        self._farewell("reset")
        if settings:
            self.settings = self._configured
        else:
            changed = tuple(account.settings for account in self.accounts.values())
            self.settings = self.settings.model_copy(update={"accounts": changed})
        self.clock.reset()
        self.faults.clear()
        self._begin()

    def stop(self) -> None:
        """No phone shows anything any more: whoever follows one is told and let go."""
        self.stopping = True
        self._farewell("stopping")

    def _farewell(self, why: str) -> None:
        for person in self.people.values():
            person.phone.show("", "system", why, {})

    def number(self) -> int:
        """A number like a MsgId: never given before, 17 figures."""
        self._number += 1
        return self._number

    def identifier(self, length: int) -> str:
        """A text like a media id or a token: never given before, of at most 86 characters times two."""
        self._identifiers += 1
        halves = (derived(86, "id", self.settings.seed, self._identifiers, half) for half in (0, 1))
        return "".join(halves)[:length]

    def rid(self) -> str:
        """A request's id as it stands at the end of an ``errmsg``."""
        value = self.random.getrandbits(64)
        return f"{int(self.clock.now()):08x}-{value >> 32:08x}-{value & 0xFFFFFFFF:08x}"

    def account_named(self, name: str | None) -> Account:
        """By name or appid; without either the first one. Raises :class:`BadCommand` 404."""
        if name is None:
            return next(iter(self.accounts.values()))
        for account in self.accounts.values():
            if name in (account.settings.name, account.settings.appid):
                return account
        raise BadCommand(f"there is no account {name}", 404)

    def person_named(self, name: str) -> Person:
        """Raises :class:`BadCommand` 404."""
        person = self.people.get(name)
        if person is None:
            raise BadCommand(f"there is no user {name}", 404)
        return person

    def create_person(self, name: str) -> Person:
        """A new user, known to every account by an openid and following none; raises :class:`BadCommand` 409."""
        if name in self.people:
            raise BadCommand(f"there is a user {name} already", 409)
        person = Person(name, Phone(self.clock.now, self.settings.kept_shown))
        self.people[name] = person
        for account in self.accounts.values():
            chat = Chat(person, account, account.openid(name), SendWindow(self.settings.windows))
            person.chats[account.settings.appid] = chat
            account.chats[chat.openid] = chat
        return person

    def change_account(self, account: Account, settings: AccountSettings) -> None:
        """The account's console was used: from now on these settings hold."""
        account.settings = settings
        account.templates = {template.id: template for template in settings.templates}
        account.quotas.change(settings.daily_quotas, settings.minute_quotas)

    def media_url(self, media_id: str) -> str:
        """Where a picture can be seen without a token."""
        return f"{self.public_url}/mmbiz/{media_id}"

    def record_call(self, call: Call) -> None:
        """Remembers a call of the API for the statistics."""
        self.calls.append(call)
        self.called[call.path, call.errcode] += 1
