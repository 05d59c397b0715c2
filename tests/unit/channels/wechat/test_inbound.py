"""What a customer said or tapped, as the message of a turn."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.inbound import RemoteFile, files_of, to_inbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.reading import read_tree
from bot.channels.wechat.taps import choice_of, tap_id
from bot.domain.message import Inbound
from tests.unit.channels.wechat.pushing import SOON
from tests.unit.channels.wechat.samples import PLACE, SAMPLES

NOW = datetime(2025, 10, 9, 8, 53, 21, tzinfo=UTC)
UNSUPPORTED = {"media": {"kind": "unsupported"}}
SAID: dict[str, dict[str, Any]] = {
    "text": {"text": "我要退货 <b>&"},
    "menu tap": {"text": "满意", "choice": "SetSlots(rating=5)"},
    "tap on another's menu": {"text": "满意"},
    "sticker": UNSUPPORTED,
    "hologram": UNSUPPORTED,
    "image without its id": UNSUPPORTED,
    "a place beyond the pole": UNSUPPORTED,
    "text from an article": {"text": "这篇写得好", "below": {"message": "2247483650", "index": "1"}},
    "image": {"media": {"kind": "image", "media_id": "K5-image_id"}},
    "voice": {"text": "我的冰箱不制冷", "media": {"kind": "voice", "media_id": "voice_id", "format": "amr"}},
    "voice without words": {"media": {"kind": "voice", "media_id": "voice_id", "format": "speex"}},
    "video": {"media": {"kind": "video", "media_id": "video_id"}},
    "shortvideo": {"media": {"kind": "shortvideo", "media_id": "short_id"}},
    "location": {
        "text": f"{PLACE} (31.239692, 121.499755)",
        "location": {"latitude": 31.239692, "longitude": 121.499755, "label": PLACE, "scale": 15},
    },
    "location without a label": {
        "text": "-33.500000, -70.250000",
        "location": {"latitude": -33.5, "longitude": -70.25, "label": "", "scale": 16},
    },
    "link": {"text": "冰箱选购\n怎么选\nhttps://mp.weixin.qq.com/s/abc?a=1&b=2"},
    "CLICK": {"choice": "start(order_status)"},
    "scancode_waitmsg": {"text": "CODE_128,NJ20250901"},
}


def sample(name: str) -> Push:
    (text,) = [one.xml for one in SAMPLES if one.name == name]
    return parse(read_tree(text)[0], text)


def inbound(push: Push, **more: Any) -> Inbound | None:
    return to_inbound(push, account="shop", locale="zh-Hans", received_at=NOW, trace_id="t", **more)


@pytest.mark.parametrize("name", [one.name for one in SAMPLES])
def test_what_a_customer_said(name: str):
    push = sample(name)
    message = inbound(push)
    if name not in SAID:
        assert message is None
        return
    assert message == Inbound(
        channel="wechat",
        account="shop",
        external_id=push.external_id,
        identity=push.openid,
        assurance="verified",
        locale="zh-Hans",
        body=SAID[name],
        received_at=NOW,
        trace_id="t",
    )
    assert json.loads(json.dumps(message.body)) == message.body


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (
            "image",
            RemoteFile("K5-image_id", "image.jpg", "image/jpeg", "http://mmbiz.qpic.cn/mmbiz_jpg/abc/0"),
        ),
        ("voice", RemoteFile("voice_id", "voice.amr", "audio/amr")),
        ("voice without words", RemoteFile("voice_id", "voice.speex", "audio/speex")),
        ("video", RemoteFile("video_id", "video.mp4", "video/mp4")),
        ("shortvideo", RemoteFile("short_id", "video.mp4", "video/mp4")),
    ],
)
def test_what_has_to_be_fetched(name: str, file: RemoteFile):
    assert files_of(sample(name)) == (file,)


def test_words_have_no_file():
    assert files_of(sample("text")) == files_of(sample("location")) == ()


def test_a_format_cannot_name_any_file():
    push = replace(sample("voice"), format="../../x")
    assert files_of(push) == (RemoteFile("voice_id", "voice.amr", "audio/amr"),)


def test_a_tapped_item_is_called_by_its_label():
    message = inbound(sample("CLICK"), labels={"start(order_status)": "查订单"})
    assert message is not None
    assert message.body == {"text": "查订单", "choice": "start(order_status)"}


@SOON
@given(st.text(min_size=1))
def test_a_choice_survives_the_way_through_a_menu(choice: str):
    assert choice_of(tap_id(choice)) == choice
    assert re.fullmatch(r"[A-Za-z0-9_-]+", tap_id(choice))


@SOON
@given(st.text() | st.text().map(lambda tail: "c-" + tail))
def test_whatever_is_tapped_elsewhere_is_a_choice_or_none(tapped: str):
    choice = choice_of(tapped)
    assert choice is None or tap_id(choice) == tapped
