"""Whom to count together when single addresses can be had by the billion."""

import ipaddress


def network_of(address: str) -> str:
    """The IPv4 address itself, an IPv6 address' /64, ``unknown`` for what is no address.

    An IPv6 customer owns a /64: counting single addresses would give one machine 2^64 tries.
    """
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
