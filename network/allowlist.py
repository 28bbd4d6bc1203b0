"""Addresses that may be asked: private ones only in listed networks, and, where hosts are listed, those hosts alone."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from domain.network_addresses import Address, Network, is_public, parse_address
from errors import ConfigError


class NetworkFault(Exception):
    """A host that may not be asked, or of which no address is known. `code` may stand in metrics, logs and records."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


@dataclass(frozen=True)
class NetworkAllowlist:
    """`hosts`: names or addresses, lower case, with a port where it is not the scheme's own. `networks`: private
    networks that may be reached all the same, and without TLS. `plain`: public ones may be reached without TLS too."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    plain: bool = False

    @classmethod
    def parse(cls, hosts: Sequence[str], networks: Sequence[str], field: str = "remotes.networks") -> NetworkAllowlist:
        """Parse hosts and networks as the policy file writes them. Raises ConfigError naming the field of networks."""
        try:
            return cls(
                frozenset(host.lower() for host in hosts), tuple(ipaddress.ip_network(network) for network in networks)
            )
        except ValueError as wrong:
            raise ConfigError(f"{field}: {wrong}") from None

    @classmethod
    def parse_networks(cls, text: str, field: str, *, plain: bool = False) -> NetworkAllowlist:
        """Parse networks with commas between, as a setting names them. Raises ConfigError naming the setting."""
        networks = [part.strip() for part in text.split(",") if part.strip()]
        return replace(cls.parse([], networks, field), plain=plain)

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
        """Resolve a host to its addresses, in the order to try them. Raises NetworkFault when one is not allowed."""
        try:
            results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NetworkFault("unreachable", f"no address is known for {host}") from None
        addresses = [parse_address(str(result[4][0])) for result in results]
        for address in addresses:
            if not self._is_allowed(address, scheme):
                raise NetworkFault(
                    "forbidden_address", f"{host} leads to {address}: private, or without TLS, and not listed"
                )
        return [str(address) for address in addresses]

    def _is_allowed(self, address: Address, scheme: str) -> bool:
        if any(address in network for network in self.networks):
            return True
        return (scheme == "https" or self.plain) and is_public(address)
