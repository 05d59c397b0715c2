"""Pictures of QR codes, which WeChat shows to anybody who has the ticket."""

from yarl import URL

from bot.channels.wechat.api.answers import Media
from bot.channels.wechat.api.faults import WechatFault
from bot.channels.wechat.api.transport import Request, Transport, read_limited
from bot.settings import WechatAccount

_PATH = "/cgi-bin/showqrcode"
_MOST_BYTES = 1 << 20


async def fetch(transport: Transport, account: WechatAccount, ticket: str) -> Media:
    """The picture: a JPEG at WeChat. Raises :class:`WechatFault`."""
    request = Request(_PATH, "GET", {"ticket": ticket}, repeatable=True)
    url = URL(account.picture_url).with_path(_PATH).with_query(request.query)
    async with transport.fetch(request, url, account.timeout_s) as response:
        media_type, status = response.content_type, response.status
        content = await read_limited(response, _MOST_BYTES)
    if status != 200:
        raise WechatFault(_PATH, "status", request.without_answer if status >= 500 else "give_up")
    if content is None:
        raise WechatFault(_PATH, "too_large", "give_up")
    if not media_type.startswith("image/"):
        raise WechatFault(_PATH, "unreadable", "give_up")
    return Media(content, media_type)
