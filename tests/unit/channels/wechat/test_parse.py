"""Every type of push, in XML and JSON, becomes its value; deliveries of one push have one id."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.parser import parse_message

from bot.channels.base import BadInbound
from bot.channels.wechat import pushes
from bot.channels.wechat.events import EVENTS
from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree
from tests.unit.channels.wechat.pushing import OTHERS, SOON
from tests.unit.channels.wechat.samples import AT, HEAD, SAMPLES, Sample

IDS = [sample.name for sample in SAMPLES]
THEIRS = sorted((OTHERS / "xml").glob("*.xml"))
TYPED = {
    "CLICK": pushes.Click,
    "LOCATION": pushes.Whereabouts,
    "MASSSENDJOBFINISH": pushes.MassFinish,
    "SCAN": pushes.Scan,
    "TEMPLATESENDJOBFINISH": pushes.TemplateFinish,
    "VIEW": pushes.View,
    "kf_close_session": pushes.DeskSession,
    "kf_create_session": pushes.DeskSession,
    "kf_switch_session": pushes.DeskSession,
    "location_select": pushes.MenuInput,
    "merchant_order": pushes.Payment,
    "pic_photo_or_album": pushes.MenuInput,
    "pic_sysphoto": pushes.MenuInput,
    "pic_weixin": pushes.MenuInput,
    "scancode_push": pushes.ScannedCode,
    "scancode_waitmsg": pushes.ScannedCode,
    "subscribe": pushes.Subscribe,
    "subscribe_msg_change_event": pushes.NoticesChosen,
    "subscribe_msg_popup_event": pushes.NoticesChosen,
    "subscribe_msg_sent_event": pushes.NoticesSent,
    "unsubscribe": pushes.Unsubscribe,
    "image": pushes.Media,
    "link": pushes.Link,
    "location": pushes.Location,
    "text": pushes.Text,
    "video": pushes.Media,
    "voice": pushes.Media,
}
RECORDED_ONLY = {
    "ShakearoundUserShake", "WifiConnected", "annual_renew", "naming_verify_fail",
    "naming_verify_success", "qualification_verify_fail", "qualification_verify_success", "verify_expired", "bind",
    "device_text", "submit_invoice_title", "update_invoice_status", "user_authorize_invoice", "notsure",
}  # fmt: skip


def push(text: str) -> Push:
    return parse(read_tree(text)[0], text)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_push_becomes_its_value(sample: Sample, form: str):
    text = getattr(sample, form)
    parsed = push(text)
    assert type(parsed) is sample.type
    assert (parsed.original_id, parsed.openid) == (HEAD["ToUserName"], HEAD["FromUserName"])
    assert parsed.at == datetime.fromtimestamp(AT, UTC)
    assert {name: getattr(parsed, name) for name in sample.expected} == sample.expected
    if isinstance(parsed, pushes.Unknown):
        assert parsed.raw == text


def test_every_kind_of_value_and_every_event_has_a_sample():
    kinds = {kind for kind in vars(pushes).values() if isinstance(kind, type) and issubclass(kind, Push)} - {Push}
    assert {sample.type for sample in SAMPLES} == kinds
    assert {str(sample.fields.get("Event", "")).lower() for sample in SAMPLES} >= set(EVENTS)


@pytest.mark.parametrize("sample", SAMPLES, ids=IDS)
def test_both_forms_and_every_delivery_have_one_id(sample: Sample):
    assert push(sample.xml).external_id == push(sample.xml).external_id == push(sample.json).external_id


def test_pushes_have_ids_of_their_own():
    events = [sample for sample in SAMPLES if "MsgId" not in sample.fields]
    ids = {push(sample.xml).external_id for sample in events}
    assert len(ids) == len(events)
    assert all(one.startswith("event:") for one in ids)
    assert push(SAMPLES[0].xml).external_id == "23768912345678901"


@pytest.mark.parametrize(
    ("name", "other"),
    [("FromUserName", "o-other"), ("CreateTime", "1760000001"), ("Event", "LOCATION"), ("EventKey", "other")],
)
def test_an_event_s_id_is_of_user_time_event_and_key(name, other):
    tree = {**HEAD, "CreateTime": str(AT), "MsgType": "event", "Event": "CLICK", "EventKey": "k"}
    assert parse(tree, "").external_id != parse({**tree, name: other}, "").external_id
    assert parse(tree, "").external_id == parse({**tree, "Nonce": "other"}, "").external_id


@pytest.mark.parametrize("number", ["", "  ", "x" * 65, "1 2", "字"])
def test_a_message_without_a_usable_id_gets_one(number):
    tree = {**HEAD, "CreateTime": str(AT), "MsgType": "text", "Content": "x", "MsgId": number}
    assert parse(tree, "").external_id.startswith("event:")
    assert parse(tree, "").external_id != parse({**tree, "Content": "y"}, "").external_id


NO_NAMES = (None, "", "a b", "字", "x" * 129, {"a": "b"}, ["a"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("ToUserName", "FromUserName", "MsgType") for value in NO_NAMES),
        *(("CreateTime", value) for value in (*NO_NAMES, "-1", "1e5", "1" * 12)),
    ],
)
def test_a_push_that_does_not_say_who_sends_what_when_is_refused(name, value):
    tree: dict[str, Any] = {**HEAD, "CreateTime": str(AT), "MsgType": "text", "Content": "x", name: value}
    if value is None:
        del tree[name]
    with pytest.raises(BadInbound) as refused:
        parse(tree, "")
    assert (refused.value.code, refused.value.values) == ("malformed_push", {"field": name})


def test_an_empty_text_is_empty():
    text = "<xml><ToUserName>a</ToUserName><FromUserName>b</FromUserName><CreateTime>1</CreateTime>"
    parsed = push(text + "<MsgType>text</MsgType><Content></Content><MsgId>1</MsgId></xml>")
    assert isinstance(parsed, pushes.Text)
    assert parsed.content == ""


def test_a_notice_list_of_one_may_stand_alone_in_json():
    head = {**HEAD, "CreateTime": str(AT), "MsgType": "event", "Event": "subscribe_msg_popup_event"}
    entry = {"TemplateId": "t", "SubscribeStatusString": "accept"}
    parsed = [parse({**head, "List": listed}, "") for listed in (entry, [entry])]
    assert all(isinstance(one, pushes.NoticesChosen) and one.choices[0].accepted for one in parsed)


@pytest.mark.skipif(not THEIRS, reason="the folder shared is not here")
def test_every_fixture_of_others_is_typed_or_deliberately_only_recorded():
    seen = set()
    for path in THEIRS:
        text = path.read_text(encoding="utf-8")
        tree, _ = read_tree(text)
        kind = tree.get("Event") or tree["MsgType"]
        seen.add(kind)
        if kind in RECORDED_ONLY:
            unknown = push(text)
            assert isinstance(unknown, pushes.Unknown), path.name
            assert unknown.raw == text
        else:
            assert type(push(text)) is TYPED[kind], path.name
    assert seen == RECORDED_ONLY | set(TYPED)


@pytest.mark.skipif(not THEIRS, reason="the folder shared is not here")
def test_the_library_s_parser_reads_the_same():
    compared = 0
    for path in THEIRS:
        text = path.read_text(encoding="utf-8")
        ours, theirs = push(text), parse_message(text)
        assert (ours.openid, ours.original_id, ours.at) == (theirs.source, theirs.target, theirs.create_time)
        if "<MsgId>" in text:
            assert ours.external_id == str(theirs.id)
        for name in ("media_id", "content", "label", "title", "url", "scale", "latitude", "precision", "ticket"):
            said = getattr(theirs, name, None)
            if hasattr(ours, name) and said is not None:
                assert getattr(ours, name) == type(getattr(ours, name))(said), (path.name, name)
                compared += 1
    assert compared > 10


ANY_TREE = st.recursive(
    st.text(max_size=20) | st.sampled_from(["event", "text", "subscribe_msg_sent_event", "1", "qrscene_"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["List", "TemplateId", "MsgID", "ErrorCode", "ScanCodeInfo", "ScanResult"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMES = sorted({name for sample in SAMPLES for name in sample.fields} | set(HEAD) | {"List"})


@SOON
@given(st.sampled_from(SAMPLES), st.dictionaries(st.sampled_from(NAMES), ANY_TREE, max_size=4))
def test_whatever_stands_in_the_fields_there_is_a_value_or_a_refusal(sample: Sample, changes: Mapping[str, Any]):
    tree = read_tree(sample.json)[0] | changes
    with suppress(BadInbound):
        assert isinstance(parse(tree, "raw"), Push)
