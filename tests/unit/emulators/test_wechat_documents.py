"""The emulator's documents: written so that any text survives, read so that nothing wrong passes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.wechat.documents import ILLEGAL, DocumentRefused, read, write

TEXTS = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: text.replace("\r", ""))


@given(TEXTS)
def test_a_text_comes_through_xml_as_far_as_xml_carries_it(text: str) -> None:
    assert read(write({"Content": text}, "xml"), "xml") == {"Content": ILLEGAL.sub("", text)}


@given(TEXTS)
def test_a_text_comes_through_json(text: str) -> None:
    assert read(write({"Content": text}, "json"), "json") == {"Content": text}


def test_numbers_stand_bare_texts_in_cdata_and_lists_repeat() -> None:
    fields: dict[str, Any] = {"CreateTime": 1, "MsgType": "event", "Sent": {"List": [{"A": "x"}, {"A": "y"}]}}
    assert write(fields, "xml") == (
        "<xml><CreateTime>1</CreateTime>\n<MsgType><![CDATA[event]]></MsgType>\n"
        "<Sent><List><A><![CDATA[x]]></A></List><List><A><![CDATA[y]]></A></List></Sent>\n</xml>"
    )
    assert json.loads(write(fields, "json")) == fields


def test_items_are_a_list_however_many_there_are() -> None:
    one = "<xml><Articles><item><Title>a</Title></item></Articles></xml>"
    assert read(one, "xml") == {"Articles": {"item": [{"Title": "a"}]}}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "SUCCESS",
        "<xml><Content>half",
        "<html></html>",
        "<xml><A>1</A><A>2</A></xml>",
        "<xml><A>&unknown;</A></xml>",
        '<!DOCTYPE x [<!ENTITY a "b">]><xml><A>&a;</A></xml>',
        "<xml><![CDATA[<a>]]>]]></xml>",
        "{}",
    ],
)
def test_what_is_no_document_is_refused(body: str) -> None:
    with pytest.raises(DocumentRefused):
        read(body, "xml")


@pytest.mark.parametrize("body", ["", "[]", "null", "{", "<xml></xml>", "[" * 100_000])
def test_what_is_no_json_object_is_refused(body: str) -> None:
    with pytest.raises(DocumentRefused):
        read(body, "json")


@given(st.text())
def test_any_text_is_read_or_refused(body: str) -> None:
    for form in ("xml", "json"):
        try:
            assert isinstance(read(body, form), dict)
        except DocumentRefused:
            continue
