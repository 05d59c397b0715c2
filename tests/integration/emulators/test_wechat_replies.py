"""Passive answers: every kind that WeChat takes is shown, everything else tells the user that nothing came."""

from typing import Any

import pytest
from aiohttp import FormData

from tests.integration.emulators.wechat_lab import Lab, Received, account, lab

JPEG = b"\xff\xd8\xff\xe0 picture"
FILES = {"image": JPEG, "voice": b"#!AMR\n voice", "video": b"\0\0\0\x14ftypisom", "thumb": JPEG}


async def uploaded(wechat: Lab, kind: str) -> str:
    form = FormData()
    form.add_field("media", FILES[kind], filename=f"file.{kind}")
    url = wechat.emulator.make_url("/cgi-bin/media/upload")
    query = {"access_token": await wechat.token(), "type": kind}
    async with wechat.client.post(url, params=query, data=form) as response:
        told = await response.json(content_type=None)
    return str(told["thumb_media_id" if kind == "thumb" else "media_id"])


def answering(wechat: Lab, inside: str, to: str | None = None, sender: str | None = None, head: str = "") -> None:
    """The bot answers with this between the common fields and the end."""

    async def reply(received: Received) -> bytes:
        fields = received.fields
        addressed = (
            f"<ToUserName>{to if to is not None else fields['FromUserName']}</ToUserName>"
            f"<FromUserName>{sender if sender is not None else fields['ToUserName']}</FromUserName>"
        )
        return f"{head}<xml>{addressed}<CreateTime>1</CreateTime>{inside}</xml>".encode()

    wechat.answer = reply


def articles(count: int, said: int | None = None) -> str:
    item = "<item><Title>标题</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>"
    number = count if said is None else said
    return f"<MsgType>news</MsgType><ArticleCount>{number}</ArticleCount><Articles>{item * count}</Articles>"


@pytest.mark.parametrize("kind", ["image", "voice", "video"])
async def test_media_are_shown_if_they_are_known_and_of_that_kind(wechat: Lab, kind: str) -> None:
    await wechat.user()
    media_id = await uploaded(wechat, kind)
    name = kind.capitalize()
    answering(wechat, f"<MsgType>{kind}</MsgType><{name}><MediaId>{media_id}</MediaId></{name}>")
    assert (await wechat.do("li", "text", content="hi"))["outcome"] == "answered"
    [line] = await wechat.lines("li", how="passive")
    assert (line["type"], line["content"]["media_id"]) == (kind, media_id)
    async with wechat.client.get(line["content"]["url"]) as response:
        assert await response.read() == FILES[kind]
    for wrong in ("unknown", await uploaded(wechat, "thumb")):
        answering(wechat, f"<MsgType>{kind}</MsgType><{name}><MediaId>{wrong}</MediaId></{name}>")
        push = await wechat.do("li", "text", content="hi")
        assert (push["outcome"], len(push["attempts"])) == ("malformed", 1)
    await wechat.control("POST", "/clock/advance", {"seconds": 3 * 24 * 3600})
    answering(wechat, f"<MsgType>{kind}</MsgType><{name}><MediaId>{media_id}</MediaId></{name}>")
    assert (await wechat.do("li", "text", content="hi"))["outcome"] == "malformed"


async def test_music_needs_a_thumb(wechat: Lab) -> None:
    await wechat.user()
    inside = "<MsgType>music</MsgType><Music><Title>t</Title><MusicUrl>m</MusicUrl><HQMusicUrl>h</HQMusicUrl>{}</Music>"
    answering(wechat, inside.format(f"<ThumbMediaId>{await uploaded(wechat, 'thumb')}</ThumbMediaId>"))
    assert (await wechat.do("li", "text", content="hi"))["outcome"] == "answered"
    answering(wechat, inside.format(""))
    assert (await wechat.do("li", "text", content="hi"))["outcome"] == "malformed"


async def test_a_message_is_answered_with_one_article_an_event_with_eight() -> None:
    async with lab() as wechat:
        await wechat.control("POST", "/users", {"user": "li"})
        answering(wechat, articles(10))
        assert (await wechat.do("li", "follow"))["outcome"] == "answered"
        push = await wechat.do("li", "text", content="hi")
        assert "only 1 of 10" in push["attempts"][0]["reason"]
        lines = await wechat.lines("li", how="passive")
        assert [len(line["content"]["articles"]) for line in lines] == [8, 1]
        answering(wechat, articles(2, said=3))
        assert (await wechat.do("li", "text", content="hi"))["outcome"] == "malformed"


TEXT = "<MsgType>text</MsgType><Content>ok</Content>"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"to": "somebody"}, "ToUserName"),
        ({"sender": "gh_other"}, "FromUserName"),
        ({"to": ""}, "ToUserName"),
        ({"head": "\n"}, None),
        ({"head": "success"}, "well-formed"),
        ({"inside": ""}, "MsgType"),
        ({"inside": "<MsgType>text</MsgType>"}, "Content"),
        ({"inside": "<MsgType>text</MsgType><Content></Content>"}, "Content"),
        ({"inside": "<MsgType>poem</MsgType>"}, "poem"),
        ({"inside": f"<MsgType>text</MsgType><Content>{'长' * 682}</Content>"}, None),
        ({"inside": f"<MsgType>text</MsgType><Content>{'长' * 683}</Content>"}, "too long"),
        ({"inside": "<MsgType>text</MsgType><Content>a & b</Content>"}, "well-formed"),
        ({"inside": "<MsgType>text</MsgType><Content><![CDATA[a]]>b]]></Content>"}, "well-formed"),
        ({"inside": "<Encrypt>AAAA</Encrypt>"}, "plain mode"),
        ({"inside": "<MsgType>image</MsgType>"}, "Image"),
        ({"inside": TEXT + "<CreateTime>2</CreateTime>"}, "twice"),
    ],
)
async def test_an_answer_is_checked_strictly(wechat: Lab, change: dict[str, Any], why: str | None) -> None:
    await wechat.user()
    answering(wechat, **({"inside": TEXT} | change))
    push = await wechat.do("li", "text", content="hi")
    if why is None:
        assert push["outcome"] == "answered", push
        return
    assert push["outcome"] == "malformed"
    assert why in push["attempts"][0]["reason"]
    assert len(wechat.received) == 1, "a wrong answer is not asked for again"
    assert [how for how, _, _ in await wechat.shown("li")] == ["error"]


@pytest.mark.parametrize("body", [b"SUCCESS", b"ok", b" ", b'{"a": 1}', b"\xff\xfe", b"x" * 70_000, b"null"])
async def test_a_body_that_is_no_document_tells_the_user(wechat: Lab, body: bytes) -> None:
    async def reply(_: Received) -> bytes:
        return body

    await wechat.user()
    wechat.answer = reply
    assert (await wechat.do("li", "text", content="hi"))["outcome"] == "malformed"
    assert [how for how, _, _ in await wechat.shown("li")] == ["error"]


async def test_nobody_is_shown_what_is_answered_to_an_event_nobody_sees(wechat: Lab) -> None:
    await wechat.user()
    answering(wechat, TEXT)
    assert (await wechat.do("li", "unfollow"))["outcome"] == "silent"

    async def wrong(_: Received) -> bytes:
        return b"{}"

    await wechat.do("li", "follow")
    wechat.answer = wrong
    await wechat.do("li", "unfollow")
    assert [how for how, _, _ in await wechat.shown("li")] == ["passive"]


async def test_after_a_transfer_messages_bypass_the_url_until_the_session_ends() -> None:
    async with lab(account(kf_accounts=("kf1@shop", "kf2@shop"))) as wechat:
        await wechat.user()
        transfer = "<MsgType>transfer_customer_service</MsgType><TransInfo><KfAccount>{}</KfAccount></TransInfo>"
        answering(wechat, transfer.format("nobody@shop"))
        assert (await wechat.do("li", "text", content="人工"))["outcome"] == "malformed"
        answering(wechat, transfer.format("kf2@shop"))
        await wechat.do("li", "text", content="人工")
        await wechat.control("GET", "/idle?wait=5")
        assert wechat.received[-1].fields["Event"] == "kf_create_session"
        assert wechat.received[-1].fields["KfAccount"] == "kf2@shop"

        async def silent(_: Received) -> bytes:
            return b""

        wechat.answer = silent
        seen = len(wechat.received)
        assert (await wechat.act("li", "text", content="在吗"))["deliveries"] == []
        await wechat.act("li", "switch-session", kf_account="kf1@shop")
        await wechat.control("GET", "/idle?wait=5")
        assert wechat.received[-1].fields["ToKfAccount"] == "kf1@shop"
        await wechat.control("POST", "/clock/advance", {"seconds": 1700})
        assert (await wechat.act("li", "text", content="喂"))["deliveries"] == []
        await wechat.control("POST", "/clock/advance", {"seconds": 1700})
        await wechat.control("GET", "/idle?wait=5")
        assert len(wechat.received) == seen + 1, "each message keeps the session open"
        await wechat.control("POST", "/clock/advance", {"seconds": 200})
        await wechat.control("GET", "/idle?wait=5")
        assert wechat.received[-1].fields["Event"] == "kf_close_session"
        assert (await wechat.do("li", "text", content="回来"))["outcome"] == "silent"
        await wechat.act("li", "end-session", status=409)
