"""A visitor who has proven to be a WeChat user is one customer with them, by the rules of merging and no further."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.channels.web.tokens import Visitor
from bot.customers import open_crm
from bot.web.wechat.joining import Joining, SomebodyElse, Used
from bot.web.wechat.passes import Pass
from crm_adapter.identify import IDENTIFY, Sender, identify_arguments
from crm_adapter.records.consent import NewConsentEvent
from crm_adapter.records.customers import ExternalKey, Provenance

VISITOR = Visitor("shop", "visitor:1", "anonymous", "en")


class House:
    def __init__(self, engine, keys, crm):
        self.crm = crm
        self.joining = Joining(engine, keys, crm)
        self.count = 0

    async def known(self, channel, account, name, assurance):
        """A customer who has written under that name."""
        said = Provenance(channel, "customer", datetime.now(UTC), assurance)
        made = await self.crm.upsert_contact(ExternalKey(channel, name), {}, said)
        await self.crm.link_identity(made.contact_id, channel, account, name, assurance, said)
        return made.contact_id

    async def join(self, openid="o-li", number=None, visitor=VISITOR):
        self.count += 1
        values = {"account": "care", "openid": openid}
        proven = Pass(number or f"n{self.count}", datetime.now(UTC) + timedelta(minutes=5), values)
        return await self.joining.join(proven, visitor, "care", openid)

    async def accounts(self, contact_id):
        contact = await self.crm.contact(contact_id)
        return {(one.channel, one.account, one.external_id, one.assurance) for one in contact.identities}

    async def consent(self, contact_id, event, channel):
        await self.crm.record_consent(
            NewConsentEvent(
                contact_id=contact_id,
                event=event,
                purpose="care_messages",
                channel=channel,
                told_on=channel,
                assurance="verified",
                locale="zh-Hans",
                prompt="您同意吗？",
                reply="好",
                prompt_message_id=None,
                reply_message_id=None,
                method="button",
                actor="customer",
                occurred_at=datetime.now(UTC),
            )
        )


@pytest.fixture
def house(engine, settings, keys):
    return House(engine, keys, open_crm(settings, engine, keys))


WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted"
BOTH = {("web", "shop", "visitor:1", "verified"), ("wechat", "care", "o-li", "verified")}


@pytest.mark.parametrize("web", [False, True])
@pytest.mark.parametrize("wechat", [False, True])
async def test_whoever_was_known_they_are_one_and_verified(house, web, wechat):
    contacts = []
    if web:
        contacts.append(await house.known("web", "shop", "visitor:1", "anonymous"))
    if wechat:
        contacts.append(await house.known("wechat", "care", "o-li", "verified"))
    assert (await house.join()).joined
    found = await house.crm.find_by_identity("wechat", "care", "o-li")
    assert found == await house.crm.find_by_identity("web", "shop", "visitor:1")
    assert await house.accounts(found) == BOTH
    assert found == (min(contacts) if contacts else found)
    for contact in contacts:
        assert (await house.crm.contact(contact)).id == found


async def test_the_same_again_changes_nothing(house):
    await house.join()
    found = await house.crm.find_by_identity("wechat", "care", "o-li")
    assert (await house.join()).joined
    assert await house.accounts(found) == BOTH
    assert await house.crm.merges(found) == []


async def test_a_proof_is_for_one_use_also_at_the_same_time(house):
    done = await asyncio.gather(*(house.join(number="same") for _ in range(4)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Joined", "Used", "Used", "Used"]
    with pytest.raises(Used):
        await house.join(number="same")


async def test_two_visitors_of_one_user_are_one_customer(house):
    await house.join()
    await house.join(visitor=Visitor("shop", "visitor:2", "anonymous", "en"))
    found = await house.crm.find_by_identity("wechat", "care", "o-li")
    assert await house.accounts(found) == BOTH | {("web", "shop", "visitor:2", "verified")}


async def test_a_browser_that_two_people_share_makes_them_no_customer_together(house):
    wang = await house.known("wechat", "care", "o-wang", "verified")
    await house.join()
    with pytest.raises(SomebodyElse):
        await house.join("o-wang")
    assert await house.accounts(wang) == {("wechat", "care", "o-wang", "verified")}
    assert (await house.join()).joined


async def test_whom_staff_has_called_different_staff_is_asked_about(house):
    web = await house.known("web", "shop", "visitor:1", "anonymous")
    wechat = await house.known("wechat", "care", "o-li", "verified")
    merge_id = await house.crm.merge(wechat, web, "staff:mei", "a guess")
    await house.crm.unmerge(merge_id, "staff:mei")
    assert not (await house.join()).joined
    assert await house.accounts(web) == {("web", "shop", "visitor:1", "anonymous")}


async def test_no_consent_is_widened(house):
    web = await house.known("web", "shop", "visitor:1", "anonymous")
    wechat = await house.known("wechat", "care", "o-li", "verified")
    await house.consent(web, "withdrawn", "*")
    await house.consent(wechat, "granted", "wechat")
    assert await house.crm.may_use(wechat, "care_messages", "wechat")
    await house.join()
    for contact in (web, wechat):
        assert not await house.crm.may_use(contact, "care_messages", "wechat")


async def test_a_first_message_at_the_same_moment_is_waited_for(house, keys, addresses):
    arguments = identify_arguments(keys, Sender("web", "shop", "visitor:1", "anonymous", "en"))
    async with await psycopg.AsyncConnection.connect(addresses.application_url) as turn:
        await turn.execute(IDENTIFY, arguments)  # a turn that has not committed yet
        joining = asyncio.create_task(house.join())
        async with await psycopg.AsyncConnection.connect(addresses.application_url, autocommit=True) as watcher:
            async with asyncio.timeout(40):
                while True:
                    if await (await watcher.execute(WAITING)).fetchone():
                        break
                    await asyncio.sleep(0.01)
        await turn.commit()
    assert (await joining).joined
    found = await house.crm.find_by_identity("wechat", "care", "o-li")
    assert await house.accounts(found) == BOTH
