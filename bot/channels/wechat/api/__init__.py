"""WeChat's API: one typed method per call, one kind of exception, one access token for all processes."""

from bot.channels.wechat.api.client import WechatClient, open_client
from bot.channels.wechat.api.faults import TokenFault, WechatFault

__all__ = ["TokenFault", "WechatClient", "WechatFault", "open_client"]
