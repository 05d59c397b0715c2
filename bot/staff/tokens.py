"""Secrets that prove something by being known: session tokens and one-time links.

256 random bits each. The store has only their SHA-256, so a stolen backup signs nobody in; a slow hash would
add nothing, since there is nothing to guess.
"""

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """43 characters, safe in a URL and in a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """32 bytes to look a token up by; any text is taken, odd bytes of a header included."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def csrf_token(session_token: str) -> str:
    """The proof that a page of ours sends a request: bound to the session and impossible to make without it."""
    mac = hmac.new(session_token.encode("utf-8", "surrogatepass"), b"yingda csrf", hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


def csrf_matches(session_token: str, given: str) -> bool:
    """Whether ``given`` is the session's CSRF token, compared in constant time."""
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode("utf-8", "surrogatepass"))
