"""People of two accounts of one Open Platform are one customer, in whatever order they come."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import psycopg
import pytest

from bot.channels.wechat.api import WechatFault, open_client
from bot.customers import open_crm
from bot.jobs.wechat.unionids import Unionids
from crm_adapter.records.customers import ExternalKey, Provenance
from tests.integration.wechat.platform import news_of, openids, platform

INFO = "/cgi-bin/user/info"


class People:
    """Two accounts, and customers who wrote to them."""

    def __init__(self, emulator, clients, unionids, crm):
        self.emulator, self.clients, self.unionids, self.crm = emulator, clients, unionids, crm

    async def wrote(self, account, openid):
        """The identity and the contact of somebody's first message."""
        made = await self.crm.upsert_contact(ExternalKey(account, openid), {}, _said())
        linked = await self.crm.link_identity(made.contact_id, "wechat", account, openid, "verified", _said())
        return linked.identity_id, made.contact_id

    async def learn(self, account, identity_id, openid):
        return await self.unionids.learn(self.clients[account], account, identity_id, openid)

    async def root(self, contact_id):
        return (await self.crm.contact(contact_id)).id


def _said():
    return Provenance("wechat", "customer", datetime.now(UTC), "verified")


@pytest.fixture
async def people(tmp_path, engine, settings, keys):
    async with AsyncExitStack() as opened:
        emulator = await opened.enter_async_context(platform(tmp_path))
        clients = {
            "care": await opened.enter_async_context(open_client(emulator.account())),
            "news": await opened.enter_async_context(open_client(news_of(emulator))),
        }
        crm = open_crm(settings, engine, keys)
        yield People(emulator, clients, Unionids("group", engine, crm), crm)


@pytest.mark.parametrize("order", [("care", "news"), ("news", "care")])
async def test_the_second_account_joins_the_first_in_either_order(people, order):
    ids = await openids(people.emulator, "li")
    first, second = order
    one_identity, one = await people.wrote(first, ids[first])
    assert await people.learn(first, one_identity, ids[first])
    other_identity, other = await people.wrote(second, ids[second])
    assert await people.root(other) == other
    assert await people.learn(second, other_identity, ids[second])
    contact = await people.crm.contact(other)
    assert (contact.id, contact.merged) == (one, (other,))
    assert {(known.account, known.assurance, known.reachable) for known in contact.identities} == {
        ("care", "verified", True),
        ("news", "verified", True),
        ("open:group", "verified", False),
    }
    [merge] = await people.crm.merges(one)
    assert (merge.reason, merge.by) == ("verified_wechat", "system:wechat_unionid")


async def test_first_messages_at_the_same_time_are_one_customer(people):
    ids = await openids(people.emulator, "li")
    found = [await people.wrote(account, ids[account]) for account in ("care", "news")]
    await asyncio.gather(
        *(
            people.learn(account, identity, ids[account])
            for account, (identity, _) in zip(("care", "news"), found, strict=True)
            for _ in range(3)
        )
    )
    assert len({await people.root(contact) for _, contact in found}) == 1


async def test_other_people_stay_apart(people):
    li, wang = await openids(people.emulator, "li"), await openids(people.emulator, "wang")
    one_identity, one = await people.wrote("care", li["care"])
    other_identity, other = await people.wrote("news", wang["news"])
    await people.learn("care", one_identity, li["care"])
    await people.learn("news", other_identity, wang["news"])
    assert (await people.root(one), await people.root(other)) == (one, other)


async def test_whom_staff_has_called_different_is_only_suggested(people):
    ids = await openids(people.emulator, "li")
    one_identity, one = await people.wrote("care", ids["care"])
    other_identity, other = await people.wrote("news", ids["news"])
    merge_id = await people.crm.merge(other, one, "staff:mei", "a guess")
    await people.crm.unmerge(merge_id, "staff:mei")
    await people.learn("care", one_identity, ids["care"])
    await people.learn("news", other_identity, ids["news"])
    assert (await people.root(one), await people.root(other)) == (one, other)


async def test_wechat_is_asked_once_and_what_it_says_is_sealed(people, addresses):
    ids = await openids(people.emulator, "li")
    identity, _ = await people.wrote("care", ids["care"])
    for _ in range(3):
        assert await people.learn("care", identity, ids["care"])
    assert await people.emulator.calls(INFO) == [0]
    unionid = (await people.clients["care"].user(ids["care"])).unionid
    with psycopg.connect(addresses.application_url) as connection:
        rows = connection.execute("SELECT * FROM crm.identities, bot.wechat_unionids").fetchall()
    assert rows
    assert unionid.encode() not in repr(rows).encode()


async def test_a_call_that_fails_leaves_nothing_and_is_made_again(people):
    ids = await openids(people.emulator, "li")
    identity, contact = await people.wrote("care", ids["care"])
    await people.emulator.fault("errcode", INFO, errcode=45009, count=1)
    with pytest.raises(WechatFault):
        await people.learn("care", identity, ids["care"])
    assert [known.account for known in (await people.crm.contact(contact)).identities] == ["care"]
    assert await people.learn("care", identity, ids["care"])
    assert [known.account for known in (await people.crm.contact(contact)).identities] == ["care", "open:group"]


async def test_an_account_that_is_not_bound_is_asked_again_another_day(people):
    ids = await openids(people.emulator, "li")
    await people.emulator.control("PATCH", "/accounts/care", {"open_platform": None})
    identity, _ = await people.wrote("care", ids["care"])
    assert not await people.learn("care", identity, ids["care"])
    assert await people.learn("care", identity, ids["care"])
    assert await people.emulator.calls(INFO) == [0]


async def test_who_was_erased_and_follows_again_is_somebody_new(people, engine):
    ids = await openids(people.emulator, "li")
    identity, contact = await people.wrote("care", ids["care"])
    await people.learn("care", identity, ids["care"])
    await people.crm.erase(contact, "staff:mei", "wish", datetime.now(UTC))
    again_identity, again = await people.wrote("care", ids["care"])
    assert await people.learn("care", again_identity, ids["care"])
    assert again != contact
    assert [known.account for known in (await people.crm.contact(again)).identities] == ["care", "open:group"]
