"""WeChat is told of customers' tags: those that are named, one way, of nobody it may not be told of."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from bot.channels.wechat.api import WechatFault
from bot.jobs import make_jobs
from bot.jobs.wechat.nightly import push_all
from bot.jobs.wechat.tags import Tagging
from bot.rehearsal.keys import ENVIRONMENT
from crm_adapter.policy import Policy
from crm_adapter.records.customers import ExternalKey, Provenance
from crm_adapter.sharing.store import SqlSharing
from crm_adapter.sharing.transfers import TransferRefused
from crm_adapter.sql_store import SqlStore
from tests.integration.sharing_store import Rooms

TAGS = {"vip": "贵宾", "Trade-In": "以旧换新"}
BY_CONSENT = {"tags_recipient": "installer", "tags_purpose": "sharing"}
"""The purpose for which the demo company asks its customers' consent, party by party."""
TAGGING = "/cgi-bin/tags/members/batchtagging"
UNTAGGING = "/cgi-bin/tags/members/batchuntagging"


class Store(SqlStore, Rooms):
    """The whole store, with what tests of sharing say again and again."""


class Shop:
    """Customers with tags, and the followers that they are."""

    def __init__(self, wechat, client, crm, engine, keys):
        self.wechat, self.client, self.crm, self.engine, self.keys = wechat, client, crm, engine, keys

    def account(self, **changes):
        return self.wechat.account(**{"tags": TAGS, **changes})

    def tagging(self, **changes):
        sharing = SqlSharing(self.engine, self.keys, self.crm)
        return Tagging(self.account(**changes), self.client, self.crm, sharing)

    async def register(self, name="wechat", **terms):
        terms = {"purpose": "customer_tags", "fields": ("tags",), **terms}
        return await self.crm.party(name, **terms)

    async def customer(self, name, *tags):
        openid = (await self.wechat.control("POST", "/users", {"user": name, "follow": ["care"]}))["users"][0][
            "openids"
        ]["care"]
        said = Provenance("wechat", "customer", datetime.now(UTC), "verified")
        made = await self.crm.upsert_contact(ExternalKey("shop", name), {}, said)
        await self.crm.link_identity(made.contact_id, "wechat", "care", openid, "verified", said)
        for tag in tags:
            await self.crm.tag(made.contact_id, tag, "staff:mei", "")
        return made.contact_id

    async def push(self, **changes):
        """The lines about tags that changed."""
        tagging = self.tagging(**changes)
        told = [await tagging.carry_out(change) async for change in tagging.changes() if not change.nothing]
        return [(one.name, one.made, one.added, one.removed, dict(one.left_out)) for one in told]

    async def members(self):
        """Who has which tag at WeChat, by users' names."""
        tags = {tag.id: tag.name for tag in await self.client.tags()}
        users = (await self.wechat.control("GET", "/users"))["users"]
        found = {}
        for user in users:
            name = user if isinstance(user, str) else user["user"]
            [chat] = (await self.wechat.control("GET", f"/users/{name}"))["chats"]
            for tag in chat["tags"]:
                found.setdefault(tags[tag], set()).add(name)
        return found

    async def logged(self):
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT recipient, purpose, basis, refused, count(*) FROM crm.transfers GROUP BY 1, 2, 3, 4")
            )
            return sorted(tuple(row) for row in rows)


@pytest.fixture
def shop(wechat, client, engine, keys):
    return Shop(wechat, client, Store(engine, keys, Policy()), engine, keys)


async def test_tags_are_made_given_and_taken_and_all_others_stay_at_home(shop):
    await shop.register()
    li = await shop.customer("li", "VIP", "trade-in", "complains")
    await shop.customer("wang", "vip")
    await shop.customer("zhao", "complains")
    assert await shop.push() == [("以旧换新", True, 1, 0, {}), ("贵宾", True, 2, 0, {})]
    assert await shop.members() == {"贵宾": {"li", "wang"}, "以旧换新": {"li"}}
    assert await shop.push() == []
    assert await shop.logged() == [("wechat", "customer_tags", "processor", None, 3)]
    await shop.crm.untag(li, "vip", "staff:mei", "")
    assert await shop.push() == [("贵宾", False, 0, 1, {})]
    assert await shop.members() == {"贵宾": {"wang"}, "以旧换新": {"li"}}
    assert await shop.wechat.calls(UNTAGGING) == [0]


async def test_two_tags_of_ours_may_be_one_of_wechats(shop):
    await shop.register()
    await shop.customer("li", "vip")
    await shop.customer("wang", "trade-in")
    assert await shop.push(tags={"vip": "好客户", "trade-in": "好客户"}) == [("好客户", True, 2, 0, {})]


async def test_one_who_cannot_have_it_keeps_nobody_else_from_it(shop):
    await shop.register()
    for number in range(60):
        await shop.customer(f"u{number}", "vip")
    full = await shop.client.create_tag("x0")
    [chat] = (await shop.wechat.control("GET", "/users/u7"))["chats"]
    for number in range(20):
        tag = full if number == 0 else await shop.client.create_tag(f"x{number}")
        await shop.client.tag_users(tag.id, [chat["openid"]])
    await shop.wechat.control("POST", "/users/u52/unfollow", {})
    [line] = [line for line in await shop.push() if line[0] == "贵宾"]
    assert line == ("贵宾", True, 58, 0, {45059: 1, 43004: 1})
    assert (await shop.members())["贵宾"] == {f"u{number}" for number in range(60)} - {"u7", "u52"}


async def test_without_the_register_nothing_is_told(shop):
    await shop.customer("li", "vip")
    with pytest.raises(TransferRefused) as caught:
        await shop.push()
    assert caught.value.code == "unknown_recipient"
    assert await shop.wechat.calls("/cgi-bin/tags/create") == []


async def test_with_consent_as_the_basis_a_withdrawal_takes_the_tag_back(shop):
    await shop.register("installer", purpose="sharing", basis="consent")
    li, wang = await shop.customer("li", "vip"), await shop.customer("wang", "vip")
    await shop.crm.says(li, "granted", "sharing", "installer")
    await shop.push(**BY_CONSENT)
    assert (await shop.members())["贵宾"] == {"li"}
    await shop.crm.says(li, "withdrawn", "sharing", "installer")
    await shop.crm.says(wang, "granted", "sharing", "installer")
    assert ("贵宾", False, 1, 1, {}) in await shop.push(**BY_CONSENT)
    assert (await shop.members())["贵宾"] == {"wang"}


async def test_a_consent_that_ends_between_look_and_call_is_heeded_and_refused_once(shop):
    await shop.register("installer", purpose="sharing", basis="consent")
    li = await shop.customer("li", "vip")
    await shop.crm.says(li, "granted", "sharing", "installer")
    tagging = shop.tagging(**BY_CONSENT)
    [change] = [change async for change in tagging.changes() if change.add]
    await shop.crm.says(li, "withdrawn", "sharing", "installer")
    for _ in range(2):
        told = await tagging.carry_out(change)
        assert (told.added, dict(told.left_out)) == (0, {"register": 1})
    assert await shop.wechat.calls(TAGGING) == []
    assert await shop.logged() == [("installer", "sharing", None, "no_consent", 1)]


async def test_what_wechat_says_of_its_limits_is_told(shop):
    await shop.register()
    await shop.customer("li", "vip")
    with pytest.raises(WechatFault) as caught:
        await shop.push(tags={"vip": "星标组"})
    assert caught.value.errcode == 45058
    for number in range(99):
        await shop.client.create_tag(f"x{number}")
    with pytest.raises(WechatFault) as caught:
        await shop.push()
    assert caught.value.errcode == 45056
    assert caught.value.explain("en") == "The account has as many tags as it may have."


async def test_a_tag_that_somebody_made_or_deleted_meanwhile(shop):
    await shop.register()
    await shop.customer("li", "vip")
    tagging = shop.tagging()
    changes = [change async for change in tagging.changes()]
    made = await shop.client.create_tag("贵宾")
    [change] = [change for change in changes if change.name == "贵宾"]
    assert (await tagging.carry_out(change)).added == 1
    await shop.client.delete_tag(made.id)
    [change] = [change async for change in tagging.changes() if change.name == "贵宾"]
    again = await shop.client.create_tag("贵宾")
    assert (change.tag_id, again.id == made.id) == (None, False)


async def test_the_night_does_it_and_one_account_s_fault_is_its_own(shop, settings):
    await shop.register()
    await shop.customer("li", "vip")
    broken = shop.account(name="news", appid="wx00000000000000a2")
    whole = settings.model_copy(update={"wechat": [broken, shop.account()]})
    await push_all(whole, shop.engine)
    assert await shop.members() == {"贵宾": {"li"}}


def test_the_job_is_there_where_an_account_has_tags(settings, addresses, wechat):
    tasks = make_jobs(addresses.application_url, settings).tasks
    assert "wechat:push_tags" not in tasks
    tagged = settings.model_copy(update={"wechat": [wechat.account(tags=TAGS)]})
    assert "wechat:push_tags" in make_jobs(addresses.application_url, tagged).tasks


async def test_the_command_says_what_differs_and_does_it(shop, run, addresses, tmp_path):
    await shop.customer("li", "vip")
    code, _, err = await run("tags", "push", "care")
    assert (code, err) == (1, "care has no tags in the settings ([wechat.tags])\n")
    with (tmp_path / "yingda.toml").open("a", encoding="utf-8") as file:
        file.write('\n[wechat.tags]\nvip = "贵宾"\n')
    store = {
        **ENVIRONMENT,
        "YINGDA_DATABASE_URL": addresses.application_url,
        "YINGDA_OWNER_DATABASE_URL": addresses.owner_url,
        "YINGDA_VAR_DIR": str(tmp_path),
    }
    code, out, err = await run("--locale", "zh-Hans", "tags", "diff", "care", **store)
    assert (code, out) == (1, "")
    assert "第三方登记不允许把标签告诉 wechat（unknown_recipient）" in err
    await shop.register()
    assert (await run("tags", "diff", "care", **store))[:2] == (1, "贵宾  +1 -0  (new)\n")
    assert (await run("tags", "push", "care", **store))[:2] == (0, "贵宾  +1 -0  (new)\n")
    assert (await run("tags", "diff", "care", **store))[:2] == (0, "there is no difference\n")
