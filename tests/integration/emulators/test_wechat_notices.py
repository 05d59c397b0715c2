"""Template messages, subscription notices and mass sends."""

import pytest

from emulators.wechat.settings import Template
from tests.integration.emulators.wechat_lab import Lab, account, lab

SEND = "/cgi-bin/message/template/send"
BIZSEND = "/cgi-bin/message/subscribe/bizsend"
ALL = "/cgi-bin/message/mass/sendall"
ORDER = Template(id="order", title="发货通知", content="单号：{{character_string1.DATA}}\n商品：{{thing2.DATA}}")
ONCE = Template(id="once", title="到货提醒", content="{{thing1.DATA}}", kind="subscription")
LONG = Template(id="long", title="就诊提醒", content="{{thing1.DATA}}", kind="subscription", long_term=True)
SHOP = account(templates=[one.model_dump() for one in (ORDER, ONCE, LONG)])
DATA = {"character_string1": {"value": "SF123"}, "thing2": {"value": "茶杯"}}


async def test_a_template_is_shown_and_its_end_is_told() -> None:
    async with lab(SHOP) as wechat:
        openid = await wechat.user()
        body = {"touser": openid, "template_id": "order", "url": "https://shop.example/", "data": DATA}
        told = await wechat.call(SEND, body)
        assert told["errcode"] == 0
        [line] = await wechat.lines("li", how="template")
        assert line["content"]["content"] == "单号：SF123\n商品：茶杯"
        assert line["msgid"] == told["msgid"]
        await wechat.control("GET", "/idle?wait=5")
        fields = wechat.received[0].fields
        assert (fields["Event"], fields["Status"]) == ("TEMPLATESENDJOBFINISH", "success")
        assert fields["MsgID"] == str(told["msgid"])
        await wechat.act("li", "refuse-templates")
        assert (await wechat.call(SEND, body))["errcode"] == 0
        await wechat.control("GET", "/idle?wait=5")
        assert wechat.received[1].fields["Status"] == "failed:user block"
        assert len(await wechat.lines("li", how="template")) == 1


@pytest.mark.parametrize(
    ("changes", "errcode", "detail"),
    [
        ({"template_id": "unknown"}, 40037, ""),
        ({"template_id": "once"}, 40037, ""),
        ({"touser": "nobody"}, 40003, ""),
        ({"data": {}}, 47003, "data.character_string1.value"),
        ({"data": DATA | {"thing2": {"value": "长" * 21}}}, 47003, "data.thing2.value"),
        ({"data": DATA | {"thing2": "text"}}, 47003, "data.thing2.value"),
        ({"data": None}, 47003, ""),
    ],
)
async def test_a_wrong_template_message_is_refused(changes: dict[str, object], errcode: int, detail: str) -> None:
    async with lab(SHOP) as wechat:
        openid = await wechat.user()
        told = await wechat.call(SEND, {"touser": openid, "template_id": "order", "data": DATA} | changes)
        assert told["errcode"] == errcode
        assert detail in told["errmsg"]
        assert await wechat.shown("li") == []


async def test_templates_are_for_followers_and_listed() -> None:
    async with lab(SHOP) as wechat:
        openid = await wechat.user()
        await wechat.do("li", "unfollow")
        told = await wechat.call(SEND, {"touser": openid, "template_id": "order", "data": DATA})
        assert told["errcode"] == 43004
        listed = await wechat.call("/cgi-bin/template/get_all_private_template")
        assert [one["template_id"] for one in listed["template_list"]] == ["order"]
        listed = await wechat.call("/wxaapi/newtmpl/gettemplate")
        assert [(one["priTmplId"], one["type"]) for one in listed["data"]] == [("once", 2), ("long", 3)]


async def test_one_consent_is_good_for_one_notice_a_long_term_one_for_any() -> None:
    async with lab(SHOP) as wechat:
        openid = await wechat.user()

        async def send(name: str) -> int:
            body = {"touser": openid, "template_id": name, "data": {"thing1": {"value": "好了"}}}
            return int((await wechat.call(BIZSEND, body))["errcode"])

        assert await send("once") == 43101
        await wechat.do("li", "consent", templates={"once": "reject"})
        assert await send("once") == 43101
        for _ in range(2):
            await wechat.do("li", "consent", templates={"once": "accept", "long": "accept"})
        assert [await send("once") for _ in range(3)] == [0, 0, 43101]
        assert {await send("long") for _ in range(5)} == {0}
        await wechat.do("li", "consent-change", templates={"long": "reject"})
        assert await send("long") == 43101
        assert len(await wechat.lines("li", how="subscription")) == 7
        await wechat.control("GET", "/idle?wait=5")
        sent = [one for one in wechat.received if one.fields.get("Event") == "subscribe_msg_sent_event"]
        assert len(sent) == 7


async def mass(wechat: Lab, client: str = "", text: str = "上新了") -> int:
    body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": text}, "clientmsgid": client}
    return int((await wechat.call(ALL, body))["errcode"])


async def test_a_mass_send_reaches_every_follower_four_times_a_month(wechat: Lab) -> None:
    await wechat.user("li")
    await wechat.user("wang")
    await wechat.control("POST", "/users", {"user": "zhao"})
    assert [await mass(wechat) for _ in range(5)] == [0, 0, 0, 0, 45028]
    for user, times in (("li", 4), ("wang", 4), ("zhao", 0)):
        assert await wechat.shown(user) == [("mass", "text", "上新了")] * times
    await wechat.control("GET", "/idle?wait=5")
    fields = wechat.received[0].fields
    assert (fields["Event"], fields["Status"], fields["SentCount"]) == ("MASSSENDJOBFINISH", "send success", "2")
    await wechat.control("POST", "/clock/advance", {"seconds": 32 * 24 * 3600})
    assert await mass(wechat) == 0


async def test_the_same_client_id_sends_once(wechat: Lab) -> None:
    await wechat.user()
    assert [await mass(wechat, "job-1"), await mass(wechat, "job-1"), await mass(wechat, "j" * 65)] == [0, 45065, 45067]
    assert len(await wechat.shown("li")) == 1


async def test_a_list_a_tag_a_preview(wechat: Lab) -> None:
    openids = [await wechat.user(name) for name in ("li", "wang")]
    text = {"msgtype": "text", "text": {"content": "hi"}}
    assert (await wechat.call("/cgi-bin/message/mass/send", {"touser": openids[:1]} | text))["errcode"] == 40130
    told = await wechat.call("/cgi-bin/message/mass/send", {"touser": openids} | text)
    assert told["errcode"] == 0
    status = await wechat.call("/cgi-bin/message/mass/get", {"msg_id": told["msg_id"]})
    assert status["msg_status"] == "SEND_SUCCESS"
    assert (await wechat.call(ALL, {"filter": {"tag_id": 999}} | text))["errcode"] == 45159
    assert (await wechat.call(ALL, {"filter": {"tag_id": 2}} | text))["errcode"] == 45028
    preview = await wechat.call("/cgi-bin/message/mass/preview", {"touser": openids[0]} | text)
    assert preview["errcode"] == 0
    assert [len(await wechat.shown(user)) for user in ("li", "wang")] == [2, 1]
    assert (await wechat.call("/cgi-bin/message/mass/delete", {"msg_id": told["msg_id"]}))["errcode"] == 0
    status = await wechat.call("/cgi-bin/message/mass/get", {"msg_id": told["msg_id"]})
    assert status["msg_status"] == "DELETE"


async def test_sixty_mass_calls_a_minute(wechat: Lab) -> None:
    assert {await mass(wechat) for _ in range(60)} == {45028}
    assert await mass(wechat) == 45011
    await wechat.control("POST", "/clock/advance", {"seconds": 60})
    assert await mass(wechat) == 45028
