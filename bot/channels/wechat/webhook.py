"""One account's webhook: what came is checked and opened, what goes back is closed with the same key."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.channels.base import BadInbound
from bot.channels.wechat.cipher import Cipher
from bot.channels.wechat.reading import MAX_BODY_BYTES, Form, Tree, read_body, read_tree
from bot.channels.wechat.refused import Refused
from bot.channels.wechat.signature import check_request, check_signature, sign
from bot.channels.wechat.writing import write

Mode = Literal["plain", "compatible", "safe"]
"""As WeChat's console has it. Only ``safe`` refuses what is not encrypted: a signature without ``Encrypt`` covers the
time and the nonce, never the body."""
FRESH_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Opened:
    """A push that WeChat sent: ``text`` in the clear, ``tree`` as it reads, ``cipher`` what decrypted it."""

    text: str
    tree: Tree
    form: Form
    cipher: Cipher | None = None


class Webhook:
    """``encoding_aes_keys`` are the current key and, after a change, the one before it.

    Raises :class:`ValueError` for settings that cannot work.
    """

    def __init__(
        self,
        *,
        token: str,
        app_id: str,
        encoding_aes_keys: tuple[str, ...] = (),
        mode: Mode = "safe",
        fresh_for: timedelta = FRESH_FOR,
        body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        if not token:
            raise ValueError("a webhook without a token can check no signature")
        if mode == "safe" and not encoding_aes_keys:
            raise ValueError("safe mode needs an EncodingAESKey")
        self._token = token
        self._mode = mode
        self._fresh_for = fresh_for
        self._body_bytes = body_bytes
        self._ciphers = tuple(Cipher(key, app_id) for key in encoding_aes_keys)

    def echo(self, query: Mapping[str, str], now: datetime) -> str:
        """What a GET is answered with: ``echostr`` as it came.

        Raises :class:`~bot.channels.wechat.refused.Refused`, and :class:`~bot.channels.base.BadInbound`
        ``malformed_push`` where there is nothing to echo.
        """
        check_request(query, self._token, now, self._fresh_for)
        if not (echo := query.get("echostr")):
            raise BadInbound("malformed_push", field="echostr")
        return echo

    def check(self, query: Mapping[str, str], now: datetime) -> None:
        """Whether WeChat sent the request, by what does not depend on its body. Raises
        :class:`~bot.channels.wechat.refused.Refused`."""
        check_request(query, self._token, now, self._fresh_for)

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> Opened:
        """A POST's push, once everything about it is right; ``now`` is aware.

        Raises :class:`~bot.channels.wechat.refused.Refused`, and :class:`~bot.channels.base.BadInbound` with
        ``too_large``, ``malformed_push`` or ``undecipherable``; nothing else.
        """
        check_request(query, self._token, now, self._fresh_for)
        text, tree, form = read_body(body, self._body_bytes)
        encrypted = tree.get("Encrypt")
        if query.get("encrypt_type") == "aes" and isinstance(encrypted, str) and self._ciphers:
            check_signature(query, self._token, "msg_signature", encrypted)
            return self._decrypted(encrypted)
        if self._mode == "safe":
            raise Refused("not_encrypted")
        return Opened(text, tree, form)

    def _decrypted(self, encrypted: str) -> Opened:
        for cipher in self._ciphers:
            try:
                text = cipher.decrypt(encrypted)
            except BadInbound:
                continue
            return Opened(text, *read_tree(text), cipher)
        raise BadInbound("undecipherable")

    def seal(self, reply: Mapping[str, Any], opened: Opened, now: datetime) -> str:
        """A reply as the body of the answer to ``opened``: in its form, and encrypted where it was, with its key.

        ``success`` and the empty body need none of this: they are never encrypted.
        """
        text = write(reply, opened.form)
        if opened.cipher is None:
            return text
        encrypted, nonce, timestamp = opened.cipher.encrypt(text), secrets.token_hex(8), int(now.timestamp())
        signature = sign(self._token, str(timestamp), nonce, encrypted)
        sealed = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": timestamp, "Nonce": nonce}
        return write(sealed, opened.form)
