"""Which pages may use the chat, by their origin; what is one origin in two spellings is one."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str, host: str, allowed: Iterable[str]) -> bool:
    """Whether a page of ``origin`` may: one of ``allowed`` may, and one of the ``host`` that it asks."""
    asked = _spelt_out(origin)
    if asked is None:
        return False
    # The host's scheme is the page's: behind a proxy that ends TLS we see http where the browser says https.
    return asked in (_spelt_out(one) for one in (f"{asked[0]}://{host}", *allowed))


def _spelt_out(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port, in lower case and never left out; ``None`` for what is no origin (``null``, say)."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port
