"""WeChat's own error codes, and the exception that carries one to the edge of the API."""

from typing import Any

MESSAGES: dict[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40035: "invalid parameter",
    40037: "invalid template_id",
    40050: "invalid timeline type",
    40052: "invalid actionname",
    40053: "invalid actioninfo",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40130: "invalid openid list size, at least two openid",
    40163: "code been used",
    40164: "invalid ip {detail}, not in whitelist",
    40200: "invalid msgmenu, not permitted for this account",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41008: "missing code",
    42001: "access_token expired",
    42002: "refresh_token expired",
    42003: "code expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    43117: "template message too frequent",
    44001: "empty media data",
    44002: "empty post data",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45007: "playtime out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45026: "template num exceeds limit",
    45028: "has no masssend quota",
    45047: "out of response count limit",
    45056: "create too many tags",
    45058: "can't modify sys tag",
    45059: "user has been tagged too many tags",
    45065: "clientmsgid exist",
    45067: "clientmsgid length out of limit",
    45072: "invalid command",
    45080: "no message interaction with the user in the last 30 seconds",
    45081: "already in typing status",
    45098: "msgmenu list out of limit",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid! {detail}",
    48001: "api unauthorized",
    48002: "user refuses to receive messages",
    48006: "forbid to clear quota because of reaching the limit",
    49003: "not match openid with tagid",
    65401: "invalid custom service account",
    65402: "invalid account, no session with this user",
    65413: "no such session",
    65414: "this user is in session with another custom service account",
}
"""``errmsg`` by ``errcode``. Texts that WeChat does not publish are worded after its documentation of the code."""


class Refused(Exception):
    """A call that WeChat answers with an ``errcode``; ``more`` are further fields of the answer's body."""

    def __init__(self, errcode: int, detail: str = "", **more: Any) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.detail = detail
        self.more = more

    def body(self, rid: str) -> dict[str, Any]:
        """The answer's JSON: ``errmsg`` ends with the request's id, as WeChat's does."""
        message = MESSAGES.get(self.errcode, "unknown error").format(detail=self.detail)
        return {"errcode": self.errcode, "errmsg": f"{message} rid: {rid}", **self.more}


class BadCommand(Exception):
    """A control call that cannot be done; ``status`` is the HTTP status, the text says why."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status
