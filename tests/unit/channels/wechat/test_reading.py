"""Bodies become trees, bounded in every direction; what is none is refused by one error."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import BadInbound
from bot.channels.wechat.reading import MAX_BODY_BYTES, read_body, read_tree
from bot.channels.wechat.writing import write, write_xml
from tests.unit.channels.wechat.pushing import SOON


def code_of(body: bytes) -> str:
    with pytest.raises(BadInbound) as refused:
        read_body(body)
    return refused.value.code


def test_elements_repeat_nest_and_keep_their_text():
    text = (
        "<?xml version='1.0' encoding='gbk'?>\n<xml><a><![CDATA[ 1 ]]>&lt;</a><b><c>x</c></b><d/><b>2</b><b>3</b></xml>"
    )
    assert read_tree(text) == ({"a": " 1 <", "b": [{"c": "x"}, "2", "3"], "d": ""}, "xml")


def test_json_is_read_as_texts():
    text = '{"a": 23768912345678901, "b": 31.239692, "c": null, "d": true, "e": [1, null, {"f": "g"}], "h": 1e999}'
    expected = {"a": "23768912345678901", "b": "31.239692", "d": "1", "e": ["1", {"f": "g"}], "h": "1e999"}
    assert read_tree(text) == (expected, "json")


def test_a_byte_order_mark_and_space_around_do_no_harm():
    assert read_body(b"\xef\xbb\xbf \n<xml><a>1</a></xml>\n")[1] == {"a": "1"}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "lollollol">'
    + "".join(f'<!ENTITY {name} "{f"&{below};" * 10}">' for below, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><xml><Content>&i;</Content></xml>"
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"success",
        b"[]",
        b"{",
        b"{]",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff\xfe<",
        b"<xml>",
        b"<xml/>",
        b"<xml>text</xml>",
        b"<xml><a></xml>",
        b"<xml><a>&unknown;</a></xml>",
        b"<xml><a>\x01</a></xml>",
        b"<xml><a>1</a></xml><xml/>",
        b"<html><a>1</a></html>",
        b"<!DOCTYPE xml><xml><a>1</a></xml>",
        b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><a>&x;</a></xml>',
        b'<!DOCTYPE xml [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><xml><a>1</a></xml>',
        BOMB.encode(),
        b"<xml>" + b"<a>" * 20000,
        b"<xml>" + b"<a>" * 9 + b"</a>" * 9 + b"</xml>",
        b'{"a":' * 9 + b"1" + b"}" * 9,
        b'{"a":' + b"[" * 30000,
        b'{"a":' + b"1" * 5000 + b"e",
    ],
)
def test_what_is_no_push_is_refused(body):
    began = time.process_time()
    assert code_of(body) == "malformed_push"
    assert time.process_time() - began < 1


def test_a_body_has_a_limit():
    assert code_of(b"<xml>" + b" " * MAX_BODY_BYTES) == "too_large"
    with pytest.raises(BadInbound, match="too_large"):
        read_body(b"<xml><a>1</a></xml>", limit=10)


def test_nul_is_dropped_which_no_database_stores():
    assert read_tree('{"a": "x\\u0000y"}')[0] == {"a": "xy"}


XML_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), min_size=1)


@SOON
@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True), XML_TEXT, min_size=1))
def test_whatever_is_written_is_read_again(tree):
    assert read_tree(write(tree, "xml")) == (tree, "xml")
    assert read_tree(write(tree, "json")) == (tree, "json")


@SOON
@given(st.lists(st.sampled_from(["]]>", "]", ">", "<![CDATA[", "&amp;", "<a/>", "\x07", "字"]), max_size=12))
def test_no_text_leaves_its_cdata_section(parts):
    text = "".join(parts) + "."
    assert read_tree(write_xml({"Content": text}))[0] == {"Content": text.replace("\x07", "")}


def test_lists_and_trees_are_written_as_wechat_has_them():
    tree = {"Articles": {"item": [{"Title": "a"}, {"Title": "b"}]}, "ArticleCount": 2}
    assert read_tree(write_xml(tree))[0] == json.loads(json.dumps(tree), parse_int=str)


@SOON
@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body):
    for whole in (body, b"<xml>" + body + b"</xml>", b'{"a":' + body + b"}"):
        with suppress(BadInbound):
            assert isinstance(read_body(whole)[1], dict)
