"""Requests to hosts that somebody else named: a name is looked up once, its addresses are checked, and one of those is
asked, so that a name whose address changes in between leads nowhere. The host must prove by TLS that it is the one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import httpx

from network.allowlist import NetworkAllowlist

Answer = TypeVar("Answer")

CLIENT: Final[Mapping[str, Any]] = {
    # No proxy from the environment: it would look names up for us, out of sight of the rules.
    "trust_env": False,
    "follow_redirects": False,
    # Connections are not kept: one that proved to be a host must not serve another host of the same address.
    "limits": httpx.Limits(max_keepalive_connections=0),
}
"""How a client is built that asks more than one host."""


def resolve_url(allowlist: NetworkAllowlist, url: httpx.URL) -> list[str]:
    """Resolve the host of a URL to addresses that may be asked, in the order to try them. Raises NetworkFault."""
    port = url.port or (443 if url.scheme == "https" else 80)
    return allowlist.resolve_addresses(url.scheme, url.host, port)


def pin_request(url: httpx.URL, address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return what to give httpx so that this address is asked for that host."""
    return {
        "url": url.copy_with(host=address),
        "headers": {"host": url.netloc.decode(), **headers},
        "extensions": {"sni_hostname": url.host},
    }


def ask_in_turn(addresses: Sequence[str], ask: Callable[[str], Answer]) -> Answer:
    """Ask one address after the other until one can be connected to. Raises httpx.ConnectError of the last."""
    for address in addresses[:-1]:
        try:
            return ask(address)
        except httpx.ConnectError:
            continue
    return ask(addresses[-1])


async def await_in_turn(addresses: Sequence[str], ask: Callable[[str], Awaitable[Answer]]) -> Answer:
    """Ask as `ask_in_turn` does, on the event loop."""
    for address in addresses[:-1]:
        try:
            return await ask(address)
        except httpx.ConnectError:
            continue
    return await ask(addresses[-1])
