"""One push as an HTTP request: signed, and encrypted where the account is set to it."""

from dataclasses import dataclass

from emulators.wechat.account import Account
from emulators.wechat.crypto import encrypt, signature
from emulators.wechat.documents import Fields, write

HEADERS = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class PushRequest:
    """The query and the body of one POST."""

    query: dict[str, str]
    body: bytes
    content_type: str


def signed_query(account: Account, timestamp: int) -> dict[str, str]:
    """``signature, timestamp, nonce`` as they stand in every request of WeChat's."""
    nonce = str(account.world.random.randrange(100_000_000, 2_147_483_647))
    stamp = str(timestamp)
    return {"signature": signature(account.settings.token, stamp, nonce), "timestamp": stamp, "nonce": nonce}


def compose(account: Account, openid: str, fields: Fields, timestamp: int) -> PushRequest:
    """The request for a push: the account's mode decides what of it is plain, encrypted or both."""
    settings = account.settings
    query = signed_query(account, timestamp) | {"openid": openid}
    document = write(fields, settings.format)
    if settings.encrypts:
        cipher = encrypt(document, account.push_key(), settings.appid, account.world.random.randbytes)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature(settings.token, query["timestamp"], query["nonce"], cipher)
        outer = {"ToUserName": fields["ToUserName"], "Encrypt": cipher}
        document = write({**fields, **outer} if settings.mode == "compatible" else outer, settings.format)
    content_type = "application/json" if settings.format == "json" else "text/xml"
    return PushRequest(query, document.encode(), content_type)
