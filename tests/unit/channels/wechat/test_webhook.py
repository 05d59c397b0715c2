"""The webhook's door: who may come in, what is opened, and that replies are closed with the same key."""

import json
import subprocess
import sys
from base64 import b64decode
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from bot.channels.base import BadInbound
from bot.channels.wechat.cipher import Cipher
from bot.channels.wechat.refused import Refused
from bot.channels.wechat.signature import sign
from bot.channels.wechat.webhook import Webhook
from tests.unit.channels.wechat.pushing import (
    APP_ID,
    KEY,
    NOW,
    OLD_KEY,
    OTHERS,
    PUSH,
    TOKEN,
    decrypt,
    digest,
    encrypt,
    query,
    safe,
)

VECTORS = OTHERS / "crypto_vectors.json"
SAFE = Webhook(token=TOKEN, app_id=APP_ID, encoding_aes_keys=(KEY, OLD_KEY))
COMPATIBLE = Webhook(token=TOKEN, app_id=APP_ID, encoding_aes_keys=(KEY,), mode="compatible")
PLAIN = Webhook(token=TOKEN, app_id=APP_ID, mode="plain")


def refusal(webhook: Webhook, asked: dict[str, str], body: bytes, error: type[BadInbound] = BadInbound) -> str:
    with pytest.raises(error) as refused:
        webhook.open(asked, body, NOW)
    assert isinstance(refused.value, Refused) == (error is Refused)
    return refused.value.code


def test_a_verification_is_echoed():
    assert PLAIN.echo(query(echostr="4375120948345356249"), NOW) == "4375120948345356249"
    with pytest.raises(BadInbound, match="malformed_push"):
        PLAIN.echo(query(), NOW)


def test_a_verification_needs_the_signature_too():
    with pytest.raises(Refused, match="signature_refused"):
        PLAIN.echo(query(token="another") | {"echostr": "x"}, NOW)


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_a_request_without_one_part_of_its_signature_is_refused(name):
    asked = query()
    del asked[name]
    assert refusal(PLAIN, asked, PUSH.encode(), Refused) == "signature_refused"
    assert refusal(PLAIN, query() | {name: "é\ud800"}, PUSH.encode(), Refused) == "signature_refused"
    assert refusal(PLAIN, query() | {name: "1" * 200}, PUSH.encode(), Refused) == "signature_refused"


def test_every_single_wrong_digit_of_a_signature_is_noticed():
    right = query()["signature"]
    for place, digit in enumerate(right):
        wrong = right[:place] + ("0" if digit != "0" else "1") + right[place + 1 :]
        assert refusal(PLAIN, query(signature=wrong), PUSH.encode(), Refused) == "signature_refused"


@pytest.mark.parametrize(("off", "fine"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_a_time_stamp_may_be_five_minutes_off(off, fine):
    asked = query(NOW + timedelta(seconds=off))
    if fine:
        assert PLAIN.open(asked, PUSH.encode(), NOW).form == "xml"
    else:
        assert refusal(PLAIN, asked, PUSH.encode(), Refused) == "stale_timestamp"


def test_the_caller_says_how_old_a_request_may_be():
    strict = Webhook(token=TOKEN, app_id=APP_ID, mode="plain", fresh_for=timedelta(seconds=10))
    assert refusal(strict, query(NOW - timedelta(seconds=11)), PUSH.encode(), Refused) == "stale_timestamp"


def test_a_plain_push_is_read():
    opened = PLAIN.open(query(), PUSH.encode(), NOW)
    assert (opened.tree["Content"], opened.text, opened.cipher) == ("你好", PUSH, None)


def test_an_encrypted_push_is_decrypted():
    opened = SAFE.open(*safe(), NOW)
    assert (opened.tree["Content"], opened.text) == ("你好", PUSH)


def test_an_encrypted_json_push_is_decrypted_and_answered_in_json():
    opened = SAFE.open(*safe(json.dumps({"MsgType": "text", "Content": "你好"}), form="json"), NOW)
    assert (opened.form, opened.tree["Content"]) == ("json", "你好")
    sealed = json.loads(SAFE.seal({"MsgType": "text", "Content": "好的"}, opened, NOW))
    assert sealed["TimeStamp"] == int(NOW.timestamp())
    assert json.loads(decrypt(sealed["Encrypt"])[0]) == {"MsgType": "text", "Content": "好的"}


def test_in_compatible_mode_the_encrypted_part_counts():
    clear = "<Content><![CDATA[forged]]></Content><MsgType>text</MsgType>"
    assert COMPATIBLE.open(*safe(beside=clear), NOW).tree["Content"] == "你好"
    assert COMPATIBLE.open(query(), PUSH.encode(), NOW).cipher is None


def test_safe_mode_takes_nothing_in_the_clear():
    assert refusal(SAFE, query(), PUSH.encode(), Refused) == "not_encrypted"
    asked, _ = safe()
    assert refusal(SAFE, asked, PUSH.encode(), Refused) == "not_encrypted"


def test_an_encrypted_push_needs_its_second_signature():
    asked, body = safe()
    assert refusal(SAFE, asked | {"msg_signature": "0" * 40}, body, Refused) == "signature_refused"
    del asked["msg_signature"]
    assert refusal(SAFE, asked, body, Refused) == "signature_refused"


def test_the_first_signature_is_checked_in_safe_mode_too():
    asked, body = safe()
    assert refusal(SAFE, asked | {"signature": "0" * 40}, body, Refused) == "signature_refused"


def test_another_app_s_push_is_not_ours():
    assert refusal(SAFE, *safe(app_id="wx0000000000000000")) == "undecipherable"


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_a_reply_is_closed_with_the_key_that_opened(key):
    opened = SAFE.open(*safe(key=key), NOW)
    sealed = ElementTree.fromstring(SAFE.seal({"Content": "a ]]> b"}, opened, NOW))
    parts = {one.tag: one.text or "" for one in sealed}
    text, app_id = decrypt(parts["Encrypt"], key)
    assert app_id == APP_ID
    assert ElementTree.fromstring(text).findtext("Content") == "a ]]> b"
    assert parts["MsgSignature"] == digest(TOKEN, parts["TimeStamp"], parts["Nonce"], parts["Encrypt"])


def test_two_equal_replies_do_not_look_alike():
    opened = SAFE.open(*safe(), NOW)
    assert len({SAFE.seal({"Content": "x"}, opened, NOW) for _ in range(20)}) == 20


def test_a_reply_to_a_plain_push_stays_plain():
    opened = PLAIN.open(query(), PUSH.encode(), NOW)
    assert PLAIN.seal({"Content": "x", "CreateTime": 1}, opened, NOW) == (
        "<xml><Content><![CDATA[x]]></Content><CreateTime>1</CreateTime></xml>"
    )


@pytest.mark.parametrize(
    "encrypted",
    ["", "=", "AAAA", "!!!!", "é", "A" * 44, encrypt("x", OLD_KEY)[:-4], encrypt("x")[4:], encrypt("<xml/>")],
    ids=["empty", "a sign", "short", "no base64", "no ascii", "zeros", "cut behind", "cut before", "an empty push"],
)
def test_garbage_in_place_of_a_ciphertext_is_refused_whatever_the_library_raises(encrypted):
    only_new = Webhook(token=TOKEN, app_id=APP_ID, encoding_aes_keys=(KEY,))
    asked = query(encrypt_type="aes")
    asked["msg_signature"] = digest(TOKEN, asked["timestamp"], asked["nonce"], encrypted)
    body = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
    assert refusal(only_new, asked, body) in ("undecipherable", "malformed_push")


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": ""},
        {"encoding_aes_keys": ()},
        {"encoding_aes_keys": ("short",)},
        {"encoding_aes_keys": ("!" * 43,)},
        {"app_id": ""},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError):
        Webhook(**({"token": TOKEN, "app_id": APP_ID, "encoding_aes_keys": (KEY,)} | wrong))


@pytest.mark.skipif(not VECTORS.exists(), reason="the folder shared is not here")
def test_the_vectors_of_others_pass():
    vectors = json.loads(VECTORS.read_text())
    assert vectors
    for one in vectors:
        cipher = Cipher(one["encoding_aes_key"], one["appid"])
        assert cipher.decrypt(one["encrypt"]) == one["plaintext"]
        assert sign(one["token"], one["timestamp"], one["nonce"], one["encrypt"]) == one["msg_signature"]
        cipher._aes.get_random_string = lambda one=one: one["random"]
        assert cipher.encrypt(one["plaintext"]) == one["encrypt"]


def test_padding_and_length_are_those_of_wechat():
    for length in range(70):
        encrypted = Cipher(KEY, APP_ID).encrypt("x" * length)
        assert len(b64decode(encrypted)) % 32 == 0
        assert decrypt(encrypted) == ("x" * length, APP_ID)


def test_only_a_server_with_an_account_loads_the_library_and_then_little_of_it():
    program = """
import sys, pkgutil
from importlib import import_module
import bot.channels.wechat as room
for module in pkgutil.iter_modules(room.__path__):
    if not module.ispkg:
        import_module(f"{room.__name__}.{module.name}")
assert "wechatpy" not in sys.modules
from bot.channels.wechat.webhook import Webhook
Webhook(token="t", app_id="a", encoding_aes_keys=("A" * 43,))
assert "wechatpy.crypto" in sys.modules
assert not {"requests", "wechatpy.client", "xmltodict", "dateutil"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
