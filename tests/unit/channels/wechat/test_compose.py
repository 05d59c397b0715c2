"""Bodies as WeChat's messages: what becomes text, what a card, and numbers that the dialog understands."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.compose import MAX_ITEM_ID_BYTES, MAX_ITEMS, Terms, compose, plain
from bot.channels.wechat.outgoing import Article, File, Item, Menu, MiniProgram, Music, Outgoing, Words, in_words
from bot.channels.wechat.splitting import size_of
from bot.channels.wechat.taps import tap_id
from bot.channels.wechat.wording import word
from bot.domain.message import Body
from bot.flows.understanding.choices import shown_by_label, shown_by_place
from bot.flows.understanding.heard import Heard, Shown
from tests.unit.channels.wechat.pushing import SOON

ZH, MENUS = Terms("zh-Hans"), Terms("zh-Hans", menus=True)
YES_NO = [{"id": "SetSlots(ok=true)", "label": "可以"}, {"id": "SetSlots(ok=false)", "label": "不要"}]
FILE = {"id": "0199", "name": "照片.jpg", "type": "image/jpeg", "size": 9}


def only_text(body: Body, terms: Terms = ZH) -> str:
    (message,) = compose([body], terms)
    assert isinstance(message, Words)
    return message.text


def test_choices_are_numbered_lines():
    assert only_text({"text": "这样处理可以吗？", "choices": YES_NO}) == (
        "这样处理可以吗？\n\n请回复数字选择：\n1. 可以\n2. 不要"
    )


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("zh-Hans", "答案。\n\n条款: https://e.example/terms\n\n依据：“多久？”\n\n请回复数字选择：\n1. A"),
        ("zh-Hant", "答案。\n\n条款: https://e.example/terms\n\n依據：「多久？」\n\n請回覆數字選擇：\n1. A"),
        ("en", "答案。\n\n条款: https://e.example/terms\n\nSource: “多久？”\n\nReply with a number:\n1. A"),
        ("fr", "答案。\n\n条款: https://e.example/terms\n\nSource: “多久？”\n\nReply with a number:\n1. A"),
    ],
)
def test_links_source_and_choices_in_every_language(locale: str, text: str):
    body = {
        "text": "答案。",
        "links": [{"label": "条款", "url": "/terms"}],
        "article": {"id": "a", "question": "多久？"},
        "choices": [{"id": "a", "label": "A"}],
    }
    assert only_text(body, Terms(locale, base_url="https://e.example/")) == text


def test_the_marks_of_an_answer_are_not_shown():
    assert (
        plain("请到**官网**的[我的订单](https://e.example/o)点“改约”。")
        == "请到官网的我的订单 (https://e.example/o)点“改约”。"
    )
    assert plain("2 * 3 ** 4 [x] (y)") == "2 * 3 ** 4 [x] (y)"


@pytest.mark.parametrize("text", ["· 生日：1990-**-**", "电话：137****7013，生日：1990-**-**", "**-** 或 2 ** 3 ** 4"])
def test_stars_that_hide_something_stay(text):
    assert plain(text) == text


def test_choices_become_a_menu_where_it_is_permitted():
    (menu,) = compose([{"text": "可以吗？", "choices": YES_NO}], MENUS)
    assert isinstance(menu, Menu)
    assert (menu.head, menu.items) == (
        "可以吗？",
        (Item(tap_id("SetSlots(ok=true)"), "可以"), Item(tap_id("SetSlots(ok=false)"), "不要")),
    )
    assert menu.tail == word("or_write", "zh-Hans")
    assert menu.as_words == Words("可以吗？\n\n请回复数字选择：\n1. 可以\n2. 不要")


def test_choices_alone_have_something_above_them():
    (menu,) = compose([{"choices": YES_NO}], MENUS)
    assert isinstance(menu, Menu)
    assert menu.head == "请选择："
    assert menu.as_words == Words("请回复数字选择：\n1. 可以\n2. 不要")


@pytest.mark.parametrize(
    "choices",
    [
        [{"id": str(number), "label": "x"} for number in range(MAX_ITEMS + 1)],
        [{"id": "x" * MAX_ITEM_ID_BYTES, "label": "x"}],
        [{"id": "x", "label": ""}],
        [{"id": str(number), "label": "字" * 60} for number in range(8)],
    ],
    ids=["too many", "an id too long", "no label", "too much"],
)
def test_a_menu_that_wechat_may_refuse_is_a_list(choices: list[dict[str, str]]):
    assert all(isinstance(one, Words) for one in compose([{"text": "?", "choices": choices}], MENUS))


def test_a_long_text_goes_before_its_menu():
    *before, menu = compose([{"text": "很长。" * 400, "choices": YES_NO}], MENUS)
    assert before
    assert all(isinstance(one, Words) for one in before)
    assert isinstance(menu, Menu)
    assert size_of(menu.as_words.text) <= MENUS.text_bytes


def test_only_the_last_choices_have_numbers():
    first, second = compose([{"text": "A", "choices": YES_NO}, {"text": "B", "choices": YES_NO[::-1]}], ZH)
    assert first == Words("A\n\n· 可以\n· 不要")
    assert second == Words("B\n\n请回复数字选择：\n1. 不要\n2. 可以")


@SOON
@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["冰箱", "洗衣机", "A  b", "退货\n退款"])), max_size=25))
def test_the_number_typed_is_the_choice_that_stands_beside_it(given_choices: list[tuple[int, str]]):
    choices = [{"id": f"id{number}", "label": label} for number, label in given_choices]
    text = "\n".join(one.text for one in compose([{"text": "?", "choices": choices}], ZH) if isinstance(one, Words))
    remembered = {one["id"]: one["label"] for one in choices}  # as the dialog keeps what it showed
    heard = Heard(
        "", "zh-Hans", datetime(2026, 1, 1, tzinfo=UTC), shown=tuple(map(Shown, remembered, remembered.values()))
    )
    for number, (choice, label) in enumerate(remembered.items(), 1):
        assert f"\n{number}. {' '.join(label.split())}" in text
        meant = shown_by_place(heard, str(number))
        assert meant is not None
        assert meant.id == choice
    assert f"\n{len(remembered) + 1}. " not in text


def test_the_label_that_a_tap_sends_back_is_the_choice_s():
    heard = Heard("", "zh-Hans", datetime(2026, 1, 1, tzinfo=UTC), shown=(Shown("x", "退货"), Shown("y", "换货")))
    assert shown_by_label(heard, "换货") == Shown("y", "换货")


def test_files_of_wechat_s_kinds_are_messages_others_a_line():
    voice, film = FILE | {"id": "v", "type": "audio/amr"}, FILE | {"id": "f", "type": "video/mp4", "name": "a.mp4"}
    pdf = {"id": "p", "name": "发票.pdf", "type": "application/pdf", "size": 1}
    large = FILE | {"id": "l", "name": "大.png", "type": "image/png", "size": (10 << 20) + 1}
    body = {"text": "请看", "attachments": [FILE, voice, film, pdf, large]}
    addresses = {name: f"https://e.example/f/{name}" for name in ("0199", "v", "f", "p", "l")}
    terms = Terms("zh-Hans", files=True, addresses=addresses)
    words = "请看\n\n附件：发票.pdf https://e.example/f/p\n附件：大.png https://e.example/f/l"
    assert compose([body], terms) == (
        Words(words),
        File("image", "0199", "照片.jpg", Words("附件：照片.jpg https://e.example/f/0199")),
        File("voice", "v", "照片.jpg", Words("附件：照片.jpg https://e.example/f/v")),
        File("video", "f", "a.mp4", Words("附件：a.mp4 https://e.example/f/f")),
    )
    for poor in (replace(terms, files=False), replace(terms, cards=False)):
        (message,) = compose([body], poor)
        assert in_words(message).text.count("https://") == 5


def test_a_file_nobody_holds_is_at_least_named():
    assert only_text({"attachments": [FILE]}, Terms("en")) == "File: 照片.jpg"


def test_pages_with_a_picture_and_mini_programs_are_cards():
    program = {"app_id": "wx1", "path": "pages/o?id=1", "thumb_media_id": "thumb"}
    links = [
        {"label": "选购", "url": "/guide", "description": "怎么选", "image": "https://e.example/i.jpg"},
        {"label": "订单", "url": "https://e.example/o", "mini_program": program},
        {"label": "没有图", "url": "https://e.example/p", "mini_program": {"app_id": "wx1", "path": "x"}},
    ]
    assert compose([{"text": "看这里", "links": links}], Terms("zh-Hans", base_url="https://e.example")) == (
        Words("看这里\n\n没有图: https://e.example/p"),
        Article(
            "选购",
            "怎么选",
            "https://e.example/guide",
            "https://e.example/i.jpg",
            Words("选购: https://e.example/guide"),
        ),
        MiniProgram("订单", "wx1", "pages/o?id=1", "thumb", Words("订单: https://e.example/o")),
    )


def test_a_card_without_a_title_is_an_address():
    body = {"links": [{"label": " ", "url": "https://e.example/g", "image": "https://e.example/i.jpg"}]}
    assert only_text(body) == "https://e.example/g"


def test_music_needs_a_picture_on_wechat():
    music = {"title": "歌", "description": "短", "url": "https://e.example/m.mp3"}
    assert only_text({"music": music}) == "歌: https://e.example/m.mp3"
    (message,) = compose([{"music": music | {"thumb_media_id": "t"}}], ZH)
    assert message == Music(
        "歌", "短", "https://e.example/m.mp3", "https://e.example/m.mp3", "t", Words("歌: https://e.example/m.mp3")
    )


def test_nothing_to_say_is_no_message():
    assert compose([], ZH) == ()
    assert compose([{"text": " "}], ZH) == ()


CHOICES = st.fixed_dictionaries({"id": st.text(min_size=1, max_size=150), "label": st.text(max_size=300)})
LINKS = st.fixed_dictionaries({"label": st.text(max_size=50), "url": st.text(max_size=300)})
BODIES: st.SearchStrategy[Body] = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=1500),
        "choices": st.lists(CHOICES, max_size=20),
        "links": st.lists(LINKS, max_size=5),
        "article": st.fixed_dictionaries({"id": st.text(), "question": st.text(max_size=200)}),
    },
)


def texts_of(message: Outgoing) -> list[str]:
    match message:
        case Words(text):
            return [text]
        case Menu(head, _, _, words):
            return [head, words.text]
    return []


@SOON
@given(st.lists(BODIES, max_size=4), st.booleans())
def test_every_text_is_within_wechat_s_limit_and_says_something(bodies: list[Body], menus: bool):
    for message in compose(bodies, Terms("en", menus=menus, text_bytes=600)):
        for text in texts_of(message):
            assert 0 < size_of(text) <= 600
