"""A picture is fetched from WeChat's own hosts alone, whatever a push names."""

import pytest
from yarl import URL

from bot.channels.wechat.api.media import is_served_by_wechat

WECHAT = "https://api.weixin.qq.com"
EMULATED = "http://127.0.0.1:8090"


@pytest.mark.parametrize(
    ("url", "api_url", "is_theirs"),
    [
        ("http://mmbiz.qpic.cn/mmbiz_jpg/abc/0", WECHAT, True),
        ("https://mmbiz.qpic.cn/mmbiz_jpg/abc/0", WECHAT, True),
        ("http://127.0.0.1:8090/mmbiz/abc", EMULATED, True),
        ("http://127.0.0.1:8091/mmbiz/abc", EMULATED, False),
        ("http://127.0.0.1:8090/mmbiz/abc", WECHAT, False),
        ("http://mmbiz.qpic.cn:8080/abc", WECHAT, False),
        ("http://mmbiz.qpic.cn.example.com/abc", WECHAT, False),
        ("http://user@example.com/mmbiz.qpic.cn", WECHAT, False),
        ("http://qpic.cn@169.254.169.254/latest", WECHAT, False),
        ("file:///etc/passwd", WECHAT, False),
        ("//mmbiz.qpic.cn/abc", WECHAT, False),
        ("", WECHAT, False),
    ],
)
def test_only_wechat_s_hosts_are_asked(url: str, api_url: str, is_theirs: bool):
    assert is_served_by_wechat(URL(url), api_url) is is_theirs
