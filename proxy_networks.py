"""The networks in which proxies stand, as SELVEDGE_PROXY_NETWORKS names them."""

from __future__ import annotations

import ipaddress


def parse_proxy_networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Parse networks and single addresses, separated by commas. Raises ValueError naming the wrong one."""
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(f"{part}: give networks or addresses, such as 10.1.0.0/16 or fd00::1") from None
        if network.prefixlen == 0:
            raise ValueError(f"{part}: is everybody; give the network in which the proxy stands")
        networks.append(network)
    return tuple(networks)
