"""AES as WeChat uses it: 256 bit, CBC, padded to 32 bytes, with the app id inside."""

import re
import secrets
from base64 import b64decode

from bot.channels.base import BadInbound
from bot.channels.wechat.loading import load_cipher

_ENCODING_AES_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


class Cipher:
    """One EncodingAESKey of one account.

    Raises :class:`ValueError` for a key that is not 43 characters of Base64, or an empty app id, without which a
    message of another app would be taken for one of ours.
    """

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        if not _ENCODING_AES_KEY.fullmatch(encoding_aes_key):
            raise ValueError("an EncodingAESKey has 43 characters")
        if not app_id:
            raise ValueError("an app id is needed to tell our messages from others'")
        self._app_id = app_id
        self._aes = load_cipher()(b64decode(encoding_aes_key + "="))
        # The initial vector is always the same: these bytes alone make two equal texts look different.
        self._aes.get_random_string = lambda: secrets.token_bytes(16)

    def encrypt(self, text: str) -> str:
        """``text`` in Base64, different every time."""
        return str(self._aes.encrypt(text, self._app_id).decode("ascii"))

    def decrypt(self, encrypted: str) -> str:
        """The text. Raises :class:`~bot.channels.base.BadInbound` ``undecipherable`` for what another key or app made,
        and for what is no such text at all."""
        try:
            return str(self._aes.decrypt(encrypted, self._app_id))
        except Exception:
            # The library meets garbage with whatever Python raises there: IndexError, struct.error, ValueError …
            raise BadInbound("undecipherable") from None
