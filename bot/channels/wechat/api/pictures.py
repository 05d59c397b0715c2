"""Pictures of QR codes, which WeChat shows to anybody who has the ticket."""

from yarl import URL

from bot.channels.wechat.api.answers import Media
from bot.channels.wechat.api.faults import WechatFault
from bot.channels.wechat.api.media import whole
from bot.channels.wechat.api.transport import Request, Transport
from bot.settings import WechatAccount

_PATH = "/cgi-bin/showqrcode"
_MOST_BYTES = 1 << 20


async def fetch(transport: Transport, account: WechatAccount, ticket: str) -> Media:
    """The picture: a JPEG at WeChat. Raises :class:`WechatFault`."""
    request = Request(_PATH, "GET", {"ticket": ticket}, repeatable=True)
    url = URL(account.picture_url).with_path(_PATH).with_query(request.query)
    async with transport.fetch(request, url, account.timeout_s) as response:
        picture = await whole(request, response, _MOST_BYTES)
    if not picture.media_type.startswith("image/"):
        raise WechatFault(_PATH, "unreadable", "give_up")
    return picture
