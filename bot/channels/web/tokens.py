"""Who is at the other end: our own session tokens, and the shop's word for its logged-in customers.

Both are JWTs (HS256). Ours names a visitor for some hours and can be renewed for 30 days after it has ended; one of a
customer only as long as the shop's word counts. The shop's is short-lived, names us as audience and opens one session
only, so that a stolen one is of no use.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import uuid4

import jwt

from bot.domain.message import Assurance

RENEWABLE = timedelta(days=30)
WORD_COUNTS = timedelta(hours=24)
MAX_IDENTITY_LIFE = timedelta(minutes=15)
LEEWAY_S = 30
KNOWN_TOKENS = 10_000
_ALGORITHM = "HS256"


class TokenRefused(Exception):
    """``code`` is ``unauthorised``, ``identity_invalid`` or ``identity_expired``."""

    def __init__(self, code: Literal["unauthorised", "identity_invalid", "identity_expired"]) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a session token names: ``identity`` is ``visitor:…`` or ``user:…`` within the account.

    ``vouched_at`` is when the shop gave its word for a ``user:…``; ``expires_at`` when the token ends that named them.
    """

    account: str
    identity: str
    assurance: Assurance
    locale: str
    vouched_at: datetime | None = None
    expires_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ShopIdentity:
    """A shop's word for its customer; ``jti`` may be spent once until ``expires_at``."""

    subject: str
    jti: str
    expires_at: datetime


def new_visitor(account: str, locale: str) -> Visitor:
    """Somebody we have never seen; nothing is stored until they write."""
    return Visitor(account, f"visitor:{uuid4().hex}", "anonymous", locale)


def customer(account: str, shop: ShopIdentity, locale: str) -> Visitor:
    """A customer the shop vouches for, now."""
    return Visitor(account, f"user:{shop.subject}", "verified", locale, datetime.now(UTC).replace(microsecond=0))


class SessionTokens:
    """Makes and reads session tokens with one key; ``word_counts`` is how long a shop's word allows renewals."""

    def __init__(self, key: str, life: timedelta, word_counts: timedelta = WORD_COUNTS) -> None:
        self._key = key
        self._life = life
        self._word_counts = word_counts
        self._known: dict[tuple[str, str], Visitor] = {}

    def issue(self, visitor: Visitor) -> tuple[str, datetime]:
        """A token and when it ends."""
        now = datetime.now(UTC)
        expires_at = now + self._life
        claims: dict[str, Any] = {
            "aud": _audience(visitor.account),
            "sub": visitor.identity,
            "asr": visitor.assurance,
            "loc": visitor.locale,
            "iat": now,
            "exp": expires_at,
        }
        if visitor.vouched_at is not None:
            claims["auth"] = int(visitor.vouched_at.timestamp())
        return jwt.encode(claims, self._key, _ALGORITHM), expires_at

    def read(self, token: str, account: str, *, renewing: bool = False) -> Visitor:
        """The visitor a token names; ``renewing`` also takes one that ended within the last 30 days.

        Renewing never takes a customer's for whom the shop's word is too old. Raises :class:`TokenRefused`.
        """
        if not renewing and (known := self._known.get((token, account))) is not None:
            if known.expires_at is not None and datetime.now(UTC) < known.expires_at:
                return known
            del self._known[token, account]
        visitor = self._checked(token, account, renewing=renewing)
        if not renewing:
            # A signature that was right once stays right; every message of a visitor carries the same one.
            if len(self._known) >= KNOWN_TOKENS:
                self._known.clear()
            self._known[token, account] = visitor
        return visitor

    def _checked(self, token: str, account: str, *, renewing: bool) -> Visitor:
        try:
            claims = jwt.decode(
                token,
                self._key,
                [_ALGORITHM],
                audience=_audience(account),
                leeway=RENEWABLE if renewing else 0,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (jwt.InvalidTokenError, ValueError):
            raise TokenRefused("unauthorised") from None
        assurance = cast("Assurance", claims.get("asr", "anonymous"))
        visitor = Visitor(
            account,
            claims["sub"],
            assurance,
            claims.get("loc", "en"),
            datetime.fromtimestamp(claims["auth"], UTC) if "auth" in claims else None,
            datetime.fromtimestamp(claims["exp"], UTC),
        )
        if renewing and not self._is_renewable(visitor):
            raise TokenRefused("unauthorised")
        return visitor

    def _is_renewable(self, visitor: Visitor) -> bool:
        if not visitor.identity.startswith("user:"):
            return True
        return visitor.vouched_at is not None and datetime.now(UTC) - visitor.vouched_at < self._word_counts


def read_identity(token: str, account: str, secret: str) -> ShopIdentity:
    """Checks a shop's token: signature, ``aud`` = ``yingda:<account>``, ``sub``, ``jti``, ``exp`` within 15 minutes.

    Raises :class:`TokenRefused`.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            [_ALGORITHM],
            audience=f"yingda:{account}",
            leeway=LEEWAY_S,
            options={"require": ["exp", "sub", "aud", "jti"]},
        )
    except jwt.ExpiredSignatureError:
        raise TokenRefused("identity_expired") from None
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
        raise TokenRefused("identity_invalid") from None
    subject, jti, exp = claims["sub"], claims["jti"], claims["exp"]
    latest = datetime.now(UTC).timestamp() + MAX_IDENTITY_LIFE.total_seconds() + LEEWAY_S
    if not (isinstance(exp, (int, float)) and exp <= latest and _is_name(subject) and _is_name(jti)):
        raise TokenRefused("identity_invalid")
    return ShopIdentity(subject, jti, datetime.fromtimestamp(exp, UTC))


def _is_name(value: object) -> bool:
    """Up to 128 characters that PostgreSQL can hold: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and 0 < len(value) <= 128 and re.search("[\x00\ud800-\udfff]", value) is None


def _audience(account: str) -> str:
    return f"yingda-session:{account}"
