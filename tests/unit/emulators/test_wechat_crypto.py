"""The emulator's AES and signatures, against a vector that the openssl program made and against damage."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.wechat.crypto import CryptoFault, decrypt, encrypt, key_of, signature

KEY = key_of("q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7HeA")
APPID = "wx0000000000000001"
MESSAGE = "<xml><Content>你好，vector</Content></xml>"
CIPHER = (
    "2Na/jV/olt2dd1zbHXmIQchP7VdAvlrQFnNKZ/jYP+XPdiImYTjJLcEAZLUHoXYP"
    "975CPWU8nmXelF8CsZagz6QE2Zmn0a2GH9FDphYTntye//g6+5wruEQeZRNtoBVs"
)


def test_the_vector_is_made_and_read() -> None:
    assert encrypt(MESSAGE, KEY, APPID, lambda size: b"0123456789abcdef"[:size]) == CIPHER
    assert decrypt(CIPHER, KEY, APPID) == MESSAGE


def test_the_signature_sorts_its_parts() -> None:
    expected = "7d13e46c7e4197d22e817961132e4ecc74997fae"
    assert signature("token-of-tests", "1700000000", "12345") == expected
    assert signature("12345", "token-of-tests", "1700000000") == expected


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_was_encrypted_is_read_again_and_padded_to_32(message: str) -> None:
    cipher = encrypt(message, KEY, APPID, os.urandom)
    assert len(base64.b64decode(cipher)) % 32 == 0
    assert decrypt(cipher, KEY, APPID) == message


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read_never_anything_else(noise: bytes) -> None:
    with pytest.raises(CryptoFault):
        decrypt(base64.b64encode(noise).decode(), KEY, APPID)


@pytest.mark.parametrize(
    ("cipher", "key", "appid", "why"),
    [
        (CIPHER, KEY, "wx0000000000000002", "appid"),
        (CIPHER, key_of("Zx9Cv8Bn7Mq6Wl5Ek4Rj3Th2Yg1Uf0Id9Os8Pa7SdLA"), APPID, "padding"),
        (CIPHER[:-8], KEY, APPID, "base64|32 bytes"),
        ("你好", KEY, APPID, "base64"),
        ("", KEY, APPID, "32 bytes"),
    ],
)
def test_what_is_wrong_is_said(cipher: str, key: bytes, appid: str, why: str) -> None:
    with pytest.raises(CryptoFault, match=why):
        decrypt(cipher, key, appid)


@pytest.mark.parametrize("key", ["", "short", "q8Fh2k5Lz0Wm7Rt4Yc1Xb6Nv3Gj9Pd8Se5Ua2Io7He!", "A" * 44])
def test_a_key_has_43_characters_of_base64(key: str) -> None:
    with pytest.raises(CryptoFault):
        key_of(key)
