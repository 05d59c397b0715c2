"""Who is at the other end of a request: its address and scheme, through proxies that are trusted by name."""

import ipaddress
from collections.abc import Iterable, Sequence

from aiohttp import web

from bot.domain.network import network_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TRUSTED_PROXIES = web.AppKey[Sequence[Network]]("TRUSTED_PROXIES")
"""Only these may say for whom they speak; absent: nobody."""


def networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks (``10.0.0.1``, ``10.0.0.0/8``). Raises ``ValueError`` for what is neither."""
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def client_address(request: web.Request) -> str:
    """The address of the client; ``unknown`` when there is none (a Unix socket).

    Behind a trusted proxy it is the last address of ``X-Forwarded-For`` that no trusted proxy has: what stands
    before it was written by the client itself.
    """
    address = request.remote or "unknown"
    if not _is_trusted(request, address):
        return address
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    for hop in reversed([hop.strip() for hop in hops]):
        if not _is_address(hop):
            break
        address = hop
        if not _is_trusted(request, hop):
            break
    return address


def client_network(request: web.Request) -> str:
    """What limits count by: the client's address, or the /64 it has from IPv6."""
    return network_of(client_address(request))


def is_secure(request: web.Request) -> bool:
    """Whether the client came by HTTPS, to us or to a trusted proxy before us."""
    if _is_trusted(request, request.remote or ""):
        return request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[-1].strip() == "https"
    return request.scheme == "https"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(request: web.Request, address: str) -> bool:
    trusted = request.app.get(TRUSTED_PROXIES, ())
    return (
        bool(trusted) and _is_address(address) and any(ipaddress.ip_address(address) in network for network in trusted)
    )
