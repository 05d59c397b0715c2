"""Addresses in settings."""

import ipaddress


def is_this_machine(host: str) -> bool:
    """Whether what is sent there leaves this machine; a host that is not known to stay does."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
