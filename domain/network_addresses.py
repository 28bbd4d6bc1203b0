"""Which network addresses lie on the public internet: the one rule for everything that is asked for from outside."""

from __future__ import annotations

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All that is routed globally; site-local, compatible, translated and embedding forms lie outside of it."""
_EMBEDDING: Final = (
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("2002::/16"),  # 6to4
    ipaddress.ip_network("3fff::/20"),  # documentation
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4
)
"""Networks that lead on to an address that would not be checked, or to none."""


def parse_address(text: str) -> Address:
    """Parse an address as a resolver writes it; one that is mapped to IPv4 is that one. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def is_public(address: Address) -> bool:
    """Return whether an address is one host on the public internet."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _EMBEDDING)
