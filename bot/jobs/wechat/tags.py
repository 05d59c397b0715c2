"""Tags of customers as WeChat is told of them: those that the settings name, one way, of nobody it may not be told of.

A tag says something of a person to WeChat, so each hand-over passes the register of third parties and is logged (PR3).
What may no longer be told is taken away again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from bot.channels.wechat.api import WechatClient, WechatFault
from bot.channels.wechat.api.answers import Tag
from bot.channels.wechat.errors import ApiError
from bot.settings import WechatAccount
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.transfers import Allowed, Denied, TransferRefused
from crm_adapter.sql_store import SqlStore

log = structlog.get_logger(__name__)

BY = "system:wechat_tags"
FIELDS = ("tags",)
PAGE = 1000
AT_ONCE = 50
"""WeChat's limit for one call."""
OF_WECHAT = frozenset((0, 1, 2))
"""Tags that every account has and nobody may change."""
SYSTEM_TAG, NAME_TAKEN = 45058, 45157
OF_ONE_PERSON = frozenset((40003, 43004, 45015, 45059, 49003, 50005))
"""Codes that say something of one user in a call, and refuse all of it: no follower any more, or 20 tags already."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about one of WeChat's tags; without ``tag_id`` it is to be made first.

    ``add`` says by openid whose it is.
    """

    name: str
    tag_id: int | None
    add: Mapping[str, UUID] = field(repr=False)
    remove: Sequence[str] = field(repr=False)

    @property
    def nothing(self) -> bool:
        """Whether everything is as it should be."""
        return self.tag_id is not None and not self.add and not self.remove


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one tag: how many got it, lost it, and were left out, by WeChat's code or the register's."""

    name: str
    made: bool
    added: int
    removed: int
    left_out: Mapping[int | str, int]


class Tagging:
    """One account's."""

    def __init__(self, account: WechatAccount, client: WechatClient, crm: SqlStore, sharing: SqlSharing) -> None:
        self._account = account
        self._client = client
        self._crm = crm
        self._sharing = sharing

    async def changes(self) -> AsyncIterator[Change]:
        """Tag by tag, by name, also those about which there is nothing to do; changes nothing.

        Raises :class:`~bot.channels.wechat.api.WechatFault`, and
        :class:`~crm_adapter.sharing.transfers.TransferRefused` where the register lets nobody's tags go.
        """
        account = self._account
        terms = await self._sharing.check_terms(account.tags_recipient, account.tags_purpose, FIELDS)
        if isinstance(terms, Denied):
            raise TransferRefused(terms.code)
        present = {tag.name: tag for tag in await self._client.tags()}
        for name in sorted(set(account.tags.values())):
            tag = present.get(name)
            if tag is not None and tag.id in OF_WECHAT:
                raise _of_wechat("/cgi-bin/tags/get")
            wanted = await self._carriers(name)
            have = set() if tag is None else await self._client.tagged(tag.id)
            add = {openid: contact for openid, contact in wanted.items() if openid not in have}
            yield Change(name, None if tag is None else tag.id, add, sorted(have - wanted.keys()))

    async def carry_out(self, change: Change) -> Told:
        """Makes the tag where it is missing, gives it and takes it; again, it does the rest.

        Raises :class:`~bot.channels.wechat.api.WechatFault` for what concerns not one user alone.
        """
        tag_id = change.tag_id if change.tag_id is not None else await self._make(change.name)
        left_out: Counter[int | str] = Counter()
        added = 0
        people = list(change.add.items())
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            ids = list(dict.fromkeys(contact for _, contact in page))
            account = self._account
            allowed = await self._sharing.hand_over(account.tags_recipient, account.tags_purpose, FIELDS, ids, BY)
            going = [openid for openid, contact in page if contact in allowed]
            left_out["register"] += len(page) - len(going)
            added += await self._tag(tag_id, going, left_out, on=True)
        removed = await self._tag(tag_id, change.remove, left_out, on=False)
        told = Told(change.name, change.tag_id is None, added, removed, +left_out)
        log.info("wechat_tags.pushed", account=self._account.name, tag=tag_id, added=added, removed=removed)
        return told

    async def _carriers(self, name: str) -> dict[str, UUID]:
        """Who is to have one of WeChat's tags: openids that can be reached, of whom it may be told, with their
        contacts."""
        ours = [tag for tag, theirs in self._account.tags.items() if theirs == name]
        condition = {"any": [{"field": "tag", "has": _stored(tag)} for tag in ours]}
        found: dict[str, UUID] = {}
        after: UUID | None = None
        while True:
            page = await self._crm.segment_members(condition, after=after, limit=PAGE)
            allowed = await self._allowed(page)
            reached = await self._crm.reachable_at("wechat", self._account.name, allowed)
            for contact_id, identities in reached.items():
                found.update((identity.external_id, contact_id) for identity in identities)
            if len(page) < PAGE:
                return found
            after = page[-1]

    async def _allowed(self, contact_ids: Sequence[UUID]) -> list[UUID]:
        account = self._account
        decided = await self._sharing.check_many(account.tags_recipient, account.tags_purpose, FIELDS, contact_ids)
        return [contact_id for contact_id, answer in decided.items() if isinstance(answer, Allowed)]

    async def _make(self, name: str) -> int:
        try:
            return (await self._client.create_tag(name)).id
        except WechatFault as fault:
            # Also where a lost answer was not lost: another process, or the call before, has made it.
            if fault.errcode != NAME_TAKEN and fault.decision != "outcome_unknown":
                raise
            there = [tag for tag in await self._client.tags() if tag.name == name]
            if not there:
                raise
            return _usable(there[0])

    async def _tag(self, tag_id: int, openids: Sequence[str], left_out: Counter[int | str], *, on: bool) -> int:
        """How many it was done for; a call that one user spoils is made again in halves, so that only they are left
        out."""
        done = 0
        waiting = [openids[start : start + AT_ONCE] for start in range(0, len(openids), AT_ONCE)]
        while waiting:
            some = waiting.pop()
            try:
                await self._client.tag_users(tag_id, some, on=on)
            except WechatFault as fault:
                if fault.errcode not in OF_ONE_PERSON:
                    raise
                if len(some) == 1:
                    left_out[fault.errcode] += 1
                else:
                    middle = len(some) // 2
                    waiting += [some[:middle], some[middle:]]
            else:
                done += len(some)
        return done


def _stored(tag: str) -> str:
    """As tags of customers are stored."""
    return " ".join(tag.split()).lower()


def _usable(tag: Tag) -> int:
    if tag.id in OF_WECHAT:
        raise _of_wechat("/cgi-bin/tags/create")
    return tag.id


def _of_wechat(call: str) -> WechatFault:
    return WechatFault(call, "errcode", "give_up", ApiError(SYSTEM_TAG))
