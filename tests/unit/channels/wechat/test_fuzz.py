"""Mutated requests of every type: a value or a ``BadInbound``, never anything else, and soon (hypothesis' deadline)."""

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.base import BadInbound
from bot.channels.wechat.parse import parse
from bot.channels.wechat.pushes import Push
from bot.channels.wechat.refused import Refused
from bot.channels.wechat.webhook import Webhook
from tests.unit.channels.wechat.pushing import APP_ID, KEY, NOW, SOON, TOKEN, digest, encrypt, query, safe
from tests.unit.channels.wechat.samples import SAMPLES

SAFE = Webhook(token=TOKEN, app_id=APP_ID, encoding_aes_keys=(KEY,))
PLAIN = Webhook(token=TOKEN, app_id=APP_ID, mode="plain")
BODIES = [text.encode() for sample in SAMPLES for text in (sample.xml, sample.json)]
PIECES = [
    b"]]>", b"<![CDATA[", b"<!DOCTYPE xml [<!ENTITY a 'b'>]>", b"&a;", b"&#0;", b"<", b">", b"\x00", b"\xff", b"{",
    b"}", b"[", b'"', b"\\u0000", b"\\ud83d", b"null", b"-1", b"9" * 400, b"NaN", b"</xml>", b"<xml>", b"<Event>",
    b"<List/>",
]  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    place: float
    length: int
    piece: bytes

    def apply(self, body: bytes) -> bytes:
        at = int(self.place * len(body))
        return body[:at] + self.piece + body[at + self.length :]


MUTATIONS = st.lists(
    st.builds(
        Mutation,
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 40),
        st.sampled_from(PIECES) | st.binary(max_size=6) | st.just(b""),
    ),
    max_size=4,
)


def mutated(body: bytes, mutations: list[Mutation]) -> bytes:
    for mutation in mutations:
        body = mutation.apply(body)
    return body


def assert_read_or_refused(webhook: Webhook, asked: dict[str, str], body: bytes) -> None:
    with suppress(BadInbound):
        opened = webhook.open(asked, body, NOW)
        assert isinstance(parse(opened.tree, opened.text), Push)


@settings(SOON, max_examples=300)
@given(st.sampled_from(BODIES), MUTATIONS)
def test_a_mutated_plain_push(body: bytes, mutations: list[Mutation]):
    assert_read_or_refused(PLAIN, query(), mutated(body, mutations))


@settings(SOON, max_examples=200)
@given(st.sampled_from(BODIES), MUTATIONS)
def test_a_mutated_push_that_is_signed_and_encrypted(body: bytes, mutations: list[Mutation]):
    assert_read_or_refused(SAFE, *safe(mutated(body, mutations).decode(errors="replace")))


@settings(SOON, max_examples=200)
@given(st.sampled_from(BODIES), MUTATIONS)
def test_a_mutated_ciphertext_that_is_signed_again(body: bytes, mutations: list[Mutation]):
    encrypted = mutated(encrypt(body.decode()).encode(), mutations).decode("latin-1")
    asked = query(encrypt_type="aes")
    asked["msg_signature"] = digest(TOKEN, asked["timestamp"], asked["nonce"], encrypted)
    assert_read_or_refused(SAFE, asked, f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode())


@SOON
@given(st.sampled_from(["signature", "timestamp", "nonce", "msg_signature"]), st.text(max_size=50))
def test_whatever_the_query_says_it_is_refused_unless_it_is_right(name: str, value: str):
    asked, body = safe()
    if asked[name] != value:
        with pytest.raises(Refused):
            SAFE.open(asked | {name: value}, body, NOW)
