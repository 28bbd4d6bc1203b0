"""Addresses that remote algorithms may have: only listed hosts, and private addresses only in listed networks.

A name is looked up once for each call and the address that was checked is the one that is connected to, so a name whose
address changes in between leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from algorithms.slots.algorithm_error import AlgorithmError
from errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EMBEDDING_NETWORKS: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))
"""IPv6 networks whose addresses embed an IPv4 address that would not be checked."""


@dataclass(frozen=True)
class NetworkAllowlist:
    """`hosts`: names or addresses, lower case, with a port where it is not the scheme's own. `networks`: private
    networks that may be reached all the same, and without TLS."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, hosts: Sequence[str], networks: Sequence[str]) -> NetworkAllowlist:
        """Parse hosts and networks as the policy file writes them. Raises ConfigError."""
        try:
            return cls(
                frozenset(host.lower() for host in hosts), tuple(ipaddress.ip_network(network) for network in networks)
            )
        except ValueError as wrong:
            raise ConfigError(f"remotes.networks: {wrong}") from None

    def check_url(self, url: str) -> None:
        """Check that a URL may be asked. Raises ConfigError."""
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018 - it raises when the port is none
        except ValueError as wrong:
            raise ConfigError(f"url: {wrong}") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
            raise ConfigError("url: give http(s)://host[:port]/path, with no user and no fragment")
        host = parts.netloc.lower()
        if host not in self.hosts:
            raise ConfigError(f"url: {host} is not listed in remotes.hosts of algorithms.toml")

    def resolve_addresses(self, scheme: str, host: str, port: int) -> list[str]:
        """Resolve a host to its addresses, in the order to try them. Raises AlgorithmError when one is not allowed."""
        try:
            results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise AlgorithmError("unreachable", f"no address is known for {host}") from None
        addresses = [ipaddress.ip_address(str(result[4][0]).partition("%")[0]) for result in results]
        for address in addresses:
            if not self._is_allowed(address, scheme):
                raise AlgorithmError(
                    "forbidden_address", f"{host} leads to {address}: private, or without TLS, and not listed"
                )
        return [str(address) for address in addresses]

    def _is_allowed(self, address: Address, scheme: str) -> bool:
        real = getattr(address, "ipv4_mapped", None) or address
        if any(real in network for network in self.networks):
            return True
        open_to_all = (
            real.is_global and not real.is_multicast and not any(real in network for network in EMBEDDING_NETWORKS)
        )
        return scheme == "https" and open_to_all
