"""Session tokens, and the shop's word for its customers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from bot.channels.web.tokens import SessionTokens, TokenRefused, Visitor, new_visitor, read_identity

KEY = "the key of this test, long enough for HS256"
SHOP = "the secret of this shop, long enough for HS256"


def identity(**changes: Any) -> str:
    claims: dict[str, Any] = {
        "aud": "yingda:shop",
        "sub": "customer-7",
        "jti": "once",
        "exp": datetime.now(UTC) + timedelta(minutes=5),
    }
    claims.update(changes)
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, SHOP, "HS256")


def test_a_session_token_names_its_visitor() -> None:
    tokens = SessionTokens(KEY, timedelta(hours=1))
    visitor = new_visitor("shop", "zh-Hant")
    token, expires_at = tokens.issue(visitor)
    assert tokens.read(token, "shop") == visitor
    assert timedelta(minutes=59) < expires_at - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize("token", ["", "x.y.z", "not a token", jwt.encode({"sub": "visitor:1"}, KEY, "HS256")])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused, match="unauthorised"):
        SessionTokens(KEY, timedelta(hours=1)).read(token, "shop")


def test_a_token_of_another_account_or_key_is_refused() -> None:
    token, _ = SessionTokens(KEY, timedelta(hours=1)).issue(new_visitor("shop", "en"))
    for key, account in ((KEY, "outlet"), (SHOP, "shop")):
        with pytest.raises(TokenRefused, match="unauthorised"):
            SessionTokens(key, timedelta(hours=1)).read(token, account)


def test_a_token_without_a_signature_is_refused() -> None:
    claims = {"aud": "yingda-session:shop", "sub": "visitor:1", "exp": datetime.now(UTC) + timedelta(hours=1)}
    with pytest.raises(TokenRefused, match="unauthorised"):
        SessionTokens(KEY, timedelta(hours=1)).read(jwt.encode(claims, "", "none"), "shop")


@pytest.mark.parametrize(("ended_days", "renewable"), [(1, True), (29, True), (31, False)])
def test_an_ended_token_renews_for_thirty_days(ended_days: int, renewable: bool) -> None:
    visitor = Visitor("shop", "visitor:1", "anonymous", "en")
    tokens = SessionTokens(KEY, timedelta(days=-ended_days))
    token, _ = tokens.issue(visitor)
    with pytest.raises(TokenRefused):
        tokens.read(token, "shop")
    if renewable:
        assert tokens.read(token, "shop", renewing=True) == visitor
    else:
        with pytest.raises(TokenRefused):
            tokens.read(token, "shop", renewing=True)


def test_the_shops_word_is_taken() -> None:
    shop = read_identity(identity(), "shop", SHOP)
    assert (shop.subject, shop.jti) == ("customer-7", "once")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": datetime.now(UTC) - timedelta(minutes=5)}, "identity_expired"),
        ({"exp": datetime.now(UTC) + timedelta(hours=2)}, "identity_invalid"),
        ({"aud": "yingda:outlet"}, "identity_invalid"),
        ({"jti": None}, "identity_invalid"),
        ({"sub": None}, "identity_invalid"),
        ({"sub": ""}, "identity_invalid"),
        ({"sub": "x" * 200}, "identity_invalid"),
        ({"sub": "a\x00b"}, "identity_invalid"),
        ({"jti": "j" * 200}, "identity_invalid"),
    ],
)
def test_a_faulty_word_of_the_shop_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(TokenRefused, match=code):
        read_identity(identity(**changes), "shop", SHOP)
