"""Messages on their way out: one in the answer to a push, the others as customer-service messages, few when few are
left."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.replies import deserialize_reply

from bot.channels.wechat.compose import Kind, Terms, compose, plain
from bot.channels.wechat.customer_service import customer_service, encode, typing
from bot.channels.wechat.fold import batch, batched, fold
from bot.channels.wechat.outgoing import (
    Article,
    Coupon,
    File,
    Item,
    Menu,
    MiniProgram,
    Music,
    News,
    Outgoing,
    PublishedNews,
    Words,
    in_words,
)
from bot.channels.wechat.passive import passive, transfer
from bot.channels.wechat.pushes import Click, Text
from bot.channels.wechat.reading import read_tree
from bot.channels.wechat.splitting import size_of
from bot.channels.wechat.writing import write
from bot.domain.message import Body
from tests.unit.channels.wechat.pushing import SOON

NOW = datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
PUSH = Text(original_id="gh_1", openid="o-user", at=NOW, external_id="1", content="你好")
TAP = Click(original_id="gh_1", openid="o-user", at=NOW, external_id="event:1", key="k")
MENU = Menu("可以吗？", (Item("SetSlots(ok=true)", "可以"),), "也可以直接输入。", Words("可以吗？\n\n1. 可以"))
PROGRAM = MiniProgram("订单", "wx1", "pages/o?id=1", "thumb", Words("订单: https://e.example/o"))
MUSIC = Music("歌", "短", "https://e.example/m.mp3", "https://e.example/hq.mp3", "thumb", Words("歌"))
PAGE = Article("选购", "怎么选", "https://e.example/g", "https://e.example/i.jpg", Words("选购: https://e.example/g"))

NEWS = News("material-1", Words("新品: https://e.example/n"))
PUBLISHED = PublishedNews("article-1", Words("说明: https://e.example/p"))
COUPON = Coupon("card-1", Words("优惠券: https://e.example/c"))


def file(kind: Kind, media_id: str, title: str = "") -> File:
    return File(kind, "1", title, Words(f"附件：{title}"), media_id)


PASSIVE: list[tuple[Outgoing, dict[str, Any]]] = [
    (Words("在 ]]> 这里"), {"MsgType": "text", "Content": "在 ]]> 这里"}),
    (MENU, {"MsgType": "text", "Content": "可以吗？\n\n1. 可以"}),
    (PROGRAM, {"MsgType": "text", "Content": "订单: https://e.example/o"}),
    (NEWS, {"MsgType": "text", "Content": "新品: https://e.example/n"}),
    (PUBLISHED, {"MsgType": "text", "Content": "说明: https://e.example/p"}),
    (COUPON, {"MsgType": "text", "Content": "优惠券: https://e.example/c"}),
    (file("image", "pic"), {"MsgType": "image", "Image": {"MediaId": "pic"}}),
    (file("voice", "rec"), {"MsgType": "voice", "Voice": {"MediaId": "rec"}}),
    (file("video", "film", "a"), {"MsgType": "video", "Video": {"MediaId": "film", "Title": "a"}}),
    (
        MUSIC,
        {
            "MsgType": "music",
            "Music": {
                "Title": "歌",
                "Description": "短",
                "MusicUrl": "https://e.example/m.mp3",
                "HQMusicUrl": "https://e.example/hq.mp3",
                "ThumbMediaId": "thumb",
            },
        },
    ),
    (
        PAGE,
        {
            "MsgType": "news",
            "ArticleCount": 1,
            "Articles": {
                "item": [
                    {
                        "Title": "选购",
                        "Description": "怎么选",
                        "PicUrl": "https://e.example/i.jpg",
                        "Url": "https://e.example/g",
                    }
                ]
            },
        },
    ),
]
SERVED: list[tuple[Outgoing, str, dict[str, Any]]] = [
    (NEWS, "mpnews", {"media_id": "material-1"}),
    (PUBLISHED, "mpnewsarticle", {"article_id": "article-1"}),
    (COUPON, "wxcard", {"card_id": "card-1"}),
    (Words("好"), "text", {"content": "好"}),
    (
        MENU,
        "msgmenu",
        {
            "head_content": "可以吗？",
            "list": [{"id": "SetSlots(ok=true)", "content": "可以"}],
            "tail_content": "也可以直接输入。",
        },
    ),
    (file("image", "pic", "a.jpg"), "image", {"media_id": "pic"}),
    (file("voice", "rec"), "voice", {"media_id": "rec"}),
    (file("video", "film", "a"), "video", {"media_id": "film", "title": "a"}),
    (file("image", "", "a"), "text", {"content": "附件：a"}),
    (
        MUSIC,
        "music",
        {
            "title": "歌",
            "description": "短",
            "musicurl": "https://e.example/m.mp3",
            "hqmusicurl": "https://e.example/hq.mp3",
            "thumb_media_id": "thumb",
        },
    ),
    (
        PAGE,
        "news",
        {
            "articles": [
                {
                    "title": "选购",
                    "description": "怎么选",
                    "url": "https://e.example/g",
                    "picurl": "https://e.example/i.jpg",
                }
            ]
        },
    ),
    (
        PROGRAM,
        "miniprogrampage",
        {"title": "订单", "appid": "wx1", "pagepath": "pages/o?id=1", "thumb_media_id": "thumb"},
    ),
]


def as_read(tree: Any) -> Any:
    """A reply as WeChat reads it: a list of one is one element, and numbers are text."""
    if isinstance(tree, list):
        return as_read(tree[0]) if len(tree) == 1 else [as_read(one) for one in tree]
    return {name: as_read(value) for name, value in tree.items()} if isinstance(tree, dict) else str(tree)


@pytest.mark.parametrize(("message", "content"), PASSIVE)
def test_a_passive_reply(message: Outgoing, content: dict[str, Any]):
    answer = passive(message, PUSH, NOW)
    assert answer == {"ToUserName": "o-user", "FromUserName": "gh_1", "CreateTime": 1760000000, **content}
    assert read_tree(write(answer, "xml"))[0] == as_read(answer)
    assert json.loads(write(answer, "json")) == answer


@pytest.mark.parametrize(("message", "content"), PASSIVE)
def test_the_library_reads_our_replies(message: Outgoing, content: dict[str, Any]):
    answer = passive(message, PUSH, NOW)
    if content["MsgType"] == "news":  # it fails for one article: xmltodict gives no list then
        return
    theirs = deserialize_reply(write(answer, "xml"))
    assert (theirs.type, theirs.target, theirs.source) == (content["MsgType"], "o-user", "gh_1")
    if content["MsgType"] == "text":
        assert theirs.content == content["Content"]


def test_a_conversation_can_be_given_to_wechat_s_own_desk():
    assert transfer(PUSH, NOW) == {
        "ToUserName": "o-user",
        "FromUserName": "gh_1",
        "CreateTime": 1760000000,
        "MsgType": "transfer_customer_service",
    }
    assert transfer(PUSH, NOW, "test1@test")["TransInfo"] == {"KfAccount": "test1@test"}


def test_an_event_is_never_transferred():
    with pytest.raises(TypeError):
        transfer(TAP, NOW)


@pytest.mark.parametrize(("message", "type_", "content"), SERVED)
def test_a_customer_service_message(message: Outgoing, type_: str, content: dict[str, Any]):
    assert customer_service(message, "o-user") == {"touser": "o-user", "msgtype": type_, type_: content}


def test_every_kind_of_message_has_both_ways():
    kinds = set(Outgoing.__args__)
    assert {type(message) for message, _ in PASSIVE} == kinds == {type(message) for message, *_ in SERVED}


def test_a_body_goes_out_without_escapes():
    sent = encode(customer_service(Words("你好 \\u4f60 ]]> 👍🏽\n"), "o"))
    assert "你好 \\\\u4f60 ]]> 👍🏽\\n" in sent.decode()
    assert json.loads(sent)["text"]["content"] == "你好 \\u4f60 ]]> 👍🏽\n"
    assert typing("o") == {"touser": "o", "command": "Typing"}
    assert typing("o", "CancelTyping")["command"] == "CancelTyping"


TERMS = Terms("zh-Hans", menus=True, files=True, text_bytes=600)
ATTACHED = {"id": "1", "name": "a.jpg", "type": "image/jpeg", "size": 1}
PICTURE = file("image", "", "a.jpg")


def test_what_the_account_has_at_wechat_is_a_card_where_cards_are_wanted():
    made_there = [
        {"label": "新品", "url": "https://e.example/n", "media_id": "material-1"},
        {"label": "说明", "url": "https://e.example/p", "article_id": "article-1"},
        {"label": "优惠券", "url": "https://e.example/c", "card_id": "card-1"},
    ]
    body: Body = {"text": "看看", "links": made_there}
    assert compose([body], TERMS) == (Words("看看"), NEWS, PUBLISHED, COUPON)
    (words,) = compose([body], replace(TERMS, cards=False))
    assert words == Words("看看\n\n" + "\n".join(one.as_words.text for one in (NEWS, PUBLISHED, COUPON)))


def test_a_file_that_wechat_does_not_hold_is_a_line_in_an_answer_to_a_push():
    answer = passive(PICTURE, PUSH, NOW)
    assert answer["Content"] == "附件：a.jpg"


def test_texts_are_joined_in_their_order():
    bodies: list[Body] = [{"text": "A"}, {"text": "B", "attachments": [ATTACHED]}, {"text": "C"}, {"text": "D"}]
    assert fold(bodies, TERMS) == (Words("A\n\nB"), PICTURE, Words("C\n\nD"))
    assert fold(bodies, replace(TERMS, cards=False)) == (Words("A\n\nB\n\n附件：a.jpg\n\nC\n\nD"),)
    assert fold([], TERMS) == ()


def test_choices_are_numbers_when_messages_are_few():
    (message,) = fold([{"text": "A"}, {"text": "可以吗？", "choices": [{"id": "a", "label": "可以"}]}], TERMS)
    assert message == Words("A\n\n可以吗？\n\n请回复数字选择：\n1. 可以")


OK = {"id": "SetSlots(ok=true)", "label": "可以"}
NO = {"id": "SetSlots(ok=false)", "label": "不行"}


def test_a_question_that_is_asked_again_is_asked_once():
    late: list[Body] = [{"text": "好的。"}, {"text": "可以吗？", "choices": [OK]}]
    now: list[Body] = [{"text": "在的。"}, {"text": "可以吗？", "choices": [OK, NO]}]
    (message,) = fold(late + now, TERMS)
    assert message == Words("好的。\n\n在的。\n\n可以吗？\n\n请回复数字选择：\n1. 可以\n2. 不行")
    assert batch(late + now, TERMS) == 4
    twice: list[Body] = [{"text": "长" * 150}, {"text": "长" * 150}]
    assert batch(twice, TERMS) == 2
    assert batched(twice, TERMS) == 1


@pytest.mark.parametrize(
    ("earlier", "more"),
    [
        ({"choices": [OK, NO]}, {"choices": [OK]}),
        ({"choices": [OK]}, {}),
        ({"links": [{"label": "订单", "url": "https://e.example/o"}]}, {}),
        ({"article": {"question": "退货"}}, {"article": {"question": "换货"}}),
        ({"attachments": [ATTACHED]}, {"attachments": [{**ATTACHED, "id": "2"}]}),
        ({"text": "可以吗"}, {}),
    ],
)
def test_what_is_not_repeated_in_full_is_said(earlier: Body, more: Body):
    before: Body = {"text": "可以吗？", **earlier}
    after: Body = {"text": "可以吗？", **more}
    said = "".join(in_words(one).text for one in fold([before, after], TERMS))
    assert said.count("可以吗") == 2
    for choice in earlier.get("choices", ()):
        assert choice["label"] in said


def test_how_many_lines_go_together():
    short: list[Body] = [{"text": "A"}, {"text": "B"}, {"attachments": [ATTACHED]}, {"text": "C"}]
    assert batch(short, TERMS) == 2
    assert batched(short, TERMS) == 3
    assert batch(short, replace(TERMS, cards=False)) == 4
    long: list[Body] = [{"text": "长" * 500}, {"text": "B"}]
    assert batch(long, TERMS) == 0
    assert batched(long, TERMS) == 4
    assert batch([], TERMS) == batched([], TERMS) == 0


@SOON
@given(st.lists(st.text(max_size=400), max_size=8))
def test_folding_loses_nothing_and_never_takes_more_messages(texts: list[str]):
    bodies: list[Body] = [{"text": text} for text in texts]
    terms = Terms("en", text_bytes=600)
    folded = fold(bodies, terms)
    said = [one.text for one in folded if isinstance(one, Words)]
    assert len(said) == len(folded) <= batched(bodies, terms) <= max(1, len(compose(bodies, terms)))
    assert all(0 < size_of(text) <= 600 for text in said)
    once = [text for place, text in enumerate(texts) if text not in texts[place + 1 :]]
    assert "".join("".join(said).split()) == "".join("".join(map(str.strip, once)).split())


SIGNS = st.sampled_from(
    ["]", "]]", ">", "]]>", "<![CDATA[", "</Content>", "&", "&lt;", "字", "👨‍👩‍👧‍👦", "\x00", "\ufffe", " ", "\n"]
)


@SOON
@given(st.lists(SIGNS | st.text(max_size=20), min_size=1).map("".join))
def test_any_text_comes_out_of_a_passive_reply_as_it_went_in(text: str):
    answer = passive(Words("字" + text), PUSH, NOW)
    said = str(answer["Content"])
    read = read_tree(write(answer, "xml"))[0]
    assert set(read) == set(answer)
    kept = "".join(sign for sign in said if sign in "\t\n\r" or (sign >= " " and sign not in "\ufffe\uffff"))
    assert str(read["Content"]).split() == kept.split()
    assert json.loads(write(answer, "json"))["Content"] == said


@SOON
@given(st.lists(SIGNS | st.text(max_size=200), min_size=1, max_size=30).map("".join))
def test_any_text_goes_out_whole_in_messages_within_the_limit(text: str):
    messages = compose([{"text": text}], Terms("en", text_bytes=600))
    sent = [json.loads(encode(customer_service(message, "o")))["text"]["content"] for message in messages]
    assert all(0 < size_of(part) <= 600 for part in sent)
    assert "".join("".join(sent).split()) == "".join(plain(text).split())
