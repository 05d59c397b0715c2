"""``yingda wechat qr``: WeChat knows the scene, the limits are told before anything is sent."""

from io import BytesIO

import pytest
import segno

CREATE = "/cgi-bin/qrcode/create"


async def scenes(wechat):
    found = (await wechat.control("GET", "/accounts/care"))["scenes"]
    return [(one["scene"], one["until"] is None) for one in found]


async def test_a_temporary_code_says_when_it_ends(wechat, run):
    code, out, _ = await run("qr", "care", "门店-7", "--days", "2")
    url, scene, until = out.splitlines()
    assert (code, scene) == (0, "门店-7")
    assert url.startswith("http://weixin.qq.com/q/")
    assert until.startswith("until 20")
    assert await scenes(wechat) == [("门店-7", False)]
    [call] = (await wechat.control("GET", f"/calls?path={CREATE}&limit=5"))["calls"]
    assert call["errcode"] == 0


async def test_a_permanent_code_is_scanned_and_its_picture_kept(wechat, run, tmp_path):
    code, out, _ = await run("--locale", "zh-Hans", "qr", "care", "海报 A", "--permanent", "-o", "poster.png")
    url, *rest = out.splitlines()
    assert (code, rest) == (0, ["海报 A", "永久有效"])
    drawn = BytesIO()
    segno.make_qr(url, error="m").save(drawn, kind="png", scale=10, border=4)
    assert (tmp_path / "poster.png").read_bytes() == drawn.getvalue()
    assert await scenes(wechat) == [("海报 A", True)]


async def test_a_picture_is_not_called_what_it_is_not(wechat, run, tmp_path):
    code, out, err = await run("qr", "care", "desk", "-o", "desk.jpg")
    assert (code, err) == (1, "WeChat's picture is image/png: the file's name has to end in .png\n")
    assert out.startswith("http://weixin.qq.com/q/")
    assert not (tmp_path / "desk.jpg").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("", "--days", "2"), "a scene has 1 to 64"),
        (("x" * 65,), "a scene has 1 to 64"),
        (("a\nb",), "a scene has 1 to 64"),
        (("desk", "--days", "31"), "a temporary code lasts 1 to 30 days"),
        (("desk", "--days", "0"), "a temporary code lasts 1 to 30 days"),
    ],
)
async def test_what_wechat_does_not_know_is_not_sent(wechat, run, words, told):
    code, out, err = await run("qr", "care", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert await wechat.calls(CREATE) == []


async def test_an_account_without_the_right_is_told(wechat, run):
    await wechat.control("PATCH", "/accounts/care", {"deny": ["qrcode"]})
    code, out, err = await run("qr", "care", "desk")
    assert (code, out) == (1, "")
    assert "errcode 48001" in err
