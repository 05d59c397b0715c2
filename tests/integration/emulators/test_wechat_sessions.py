"""WeChat's own customer service by its API, and the voices that WeChat takes."""

import base64
import json
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from aiohttp import FormData

from emulators.wechat.voices import seconds_of
from tests.integration.emulators.wechat_lab import Lab, account, lab

SESSIONS = "/customservice/kfsession"
SECOND = b"\x7c" * 50  # frames of AMR without a sound, 20 ms each
MP3_FRAME = b"\xff\xf3\x18\x00" + b"\0" * 32  # 8 kbit/s, 16 kHz: 576 samples in 36 bytes


@pytest.fixture
async def wechat() -> AsyncIterator[Lab]:
    """An account with two people."""
    async with lab(account(kf_accounts=("kf1@shop", "kf2@shop"))) as running:
        yield running


async def test_an_account_begins_and_ends_sessions(wechat: Lab) -> None:
    openid = await wechat.user()

    async def call(step: str, kf_account: str) -> int:
        body = {"kf_account": kf_account, "openid": openid}
        return int((await wechat.call(f"{SESSIONS}/{step}", body))["errcode"])

    assert (await wechat.call(f"{SESSIONS}/getsession", openid=openid))["kf_account"] == ""
    assert await call("create", "nobody@shop") == 65401
    assert await call("create", "kf1@shop") == 0
    assert await call("create", "kf2@shop") == 65414
    await wechat.control("GET", "/idle?wait=5")
    assert wechat.received[-1].fields["Event"] == "kf_create_session"
    assert (await wechat.act("li", "text", content="在吗"))["deliveries"] == []

    assert (await wechat.call(f"{SESSIONS}/getsession", openid=openid))["kf_account"] == "kf1@shop"
    [held] = (await wechat.call(f"{SESSIONS}/getsessionlist", kf_account="kf1@shop"))["sessionlist"]
    assert held["openid"] == openid
    assert (await wechat.call(f"{SESSIONS}/getsessionlist", kf_account="kf2@shop"))["sessionlist"] == []
    assert (await wechat.call(f"{SESSIONS}/getwaitcase"))["count"] == 0
    online = (await wechat.call("/cgi-bin/customservice/getonlinekflist"))["kf_online_list"]
    assert [(one["kf_account"], one["accepted_case"]) for one in online] == [("kf1@shop", 1), ("kf2@shop", 0)]
    assert len((await wechat.call("/cgi-bin/customservice/getkflist"))["kf_list"]) == 2

    assert await call("close", "kf2@shop") == 65413
    assert await call("close", "kf1@shop") == 0
    await wechat.control("GET", "/idle?wait=5")
    assert wechat.received[-1].fields["Event"] == "kf_close_session"
    assert (await wechat.do("li", "text", content="回来"))["outcome"] == "silent"


@pytest.mark.parametrize(
    ("voice", "errcode"),
    [
        (b"#!AMR\n" + SECOND * 60, 0),
        (b"#!AMR\n" + SECOND * 60 + b"\x7c", 45007),
        (b"#!AMR-WB\n" + b"\x7c" * 3001, 45007),
        (MP3_FRAME * 1666, 0),
        (b"ID3\4\0\0\0\0\2\1" + b"\0" * 257 + MP3_FRAME * 1667, 45007),
    ],
    ids=["amr-60", "amr-more", "wide-amr-more", "mp3-60", "mp3-more"],
)
async def test_a_voice_has_sixty_seconds(wechat: Lab, voice: bytes, errcode: int) -> None:
    form = FormData()
    form.add_field("media", BytesIO(voice), filename="voice.amr")
    url = wechat.emulator.make_url("/cgi-bin/media/upload")
    query = {"access_token": await wechat.token(), "type": "voice"}
    async with wechat.client.post(url, params=query, data=form) as response:
        assert (await response.json(content_type=None)).get("errcode", 0) == errcode
    await wechat.user()
    status = 413 if errcode else 200
    await wechat.act("li", "voice", status, data=base64.b64encode(voice).decode())


def test_a_voice_of_another_quality_is_measured_too() -> None:
    frame = b"\xff\xfb\x90\x00" + b"\0" * 413  # 128 kbit/s, 44.1 kHz: 1152 samples in 417 bytes
    assert seconds_of(b"\xff" + frame * 100) == pytest.approx(2.612, abs=0.001)
    assert seconds_of(b"\0" * 2000) == 0


async def test_a_phone_sends_no_voice_of_more_than_two_megabytes(wechat: Lab) -> None:
    await wechat.user()
    url = wechat.emulator.make_url("/control/users/li/voice")
    for size, status in ((2 * 1024 * 1024, 200), (2 * 1024 * 1024 + 1, 413)):
        body = BytesIO(json.dumps({"data": base64.b64encode(b"\0" * size).decode()}).encode())
        async with wechat.client.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
            assert response.status == status
