"""Where remote algorithms may live: listed hosts alone, and private addresses only from listed networks.

A name is looked up once for each call, and the address that was judged is the one that is connected to, so that a name
which changes its mind in between leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from algorithms.slots.trouble import Trouble
from errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

EMBEDDING: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))
"""IPv6 networks whose addresses lead on to an IPv4 address that nobody judged."""


@dataclass(frozen=True)
class Reach:
    """`hosts`: names or addresses, lower case, with a port where it is not the scheme's own. `networks`: private
    networks that may be reached all the same, and without TLS."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, hosts: Sequence[str], networks: Sequence[str]) -> Reach:
        """From the words of a file. Raises ConfigError."""
        try:
            return cls(
                frozenset(host.lower() for host in hosts), tuple(ipaddress.ip_network(network) for network in networks)
            )
        except ValueError as wrong:
            raise ConfigError(f"remotes.networks: {wrong}") from None

    def check_url(self, url: str) -> None:
        """Raises ConfigError for a URL that can never be asked."""
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

    def addresses(self, scheme: str, host: str, port: int) -> list[str]:
        """The addresses of the host, in the order in which to try them. Raises Trouble when one may not be reached."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise Trouble("unreachable", f"no address is known for {host}") from None
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        for address in addresses:
            if not self._allowed(address, scheme):
                raise Trouble(
                    "forbidden_address", f"{host} leads to {address}: private, or without TLS, and not listed"
                )
        return [str(address) for address in addresses]

    def _allowed(self, address: Address, scheme: str) -> bool:
        real = getattr(address, "ipv4_mapped", None) or address
        if any(real in network for network in self.networks):
            return True
        open_to_all = real.is_global and not real.is_multicast and not any(real in each for each in EMBEDDING)
        return scheme == "https" and open_to_all
