"""Which proxies may say who asks, and what they say: a name and groups in headers of a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from domain.network_addresses import Network, parse_address
from errors import Forbidden

PEER: Final = "selvedge.peer"
"""Where a request's scope holds the address at the other end of the connection, whatever headers say of it."""
LONGEST_NAME: Final = 64


class NamedUser(NamedTuple):
    """Whom a proxy let in. `groups`: those that it names."""

    name: str
    groups: tuple[str, ...]


def is_proxy(peer: str, networks: Sequence[Network]) -> bool:
    """Return whether the other end of a connection lies in one of the networks; what is no address does not."""
    try:
        address = parse_address(peer)
    except ValueError:
        return False
    return any(address in network for network in networks)


def read_user(names: Iterable[bytes], groups: Iterable[bytes]) -> NamedUser | None:
    """Read whom the values of both headers name; None where they name nobody. Raises Forbidden for a header that came
    twice, as when a proxy adds its own to one that a browser sent, and for what is no name."""
    name = _read_once(names)
    if not name:
        return None
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise Forbidden(f"The proxy names somebody by what is no name of at most {LONGEST_NAME} letters.")
    listed = (group.strip() for group in _read_once(groups).split(","))
    return NamedUser(name, tuple(filter(None, listed)))


def _read_once(values: Iterable[bytes]) -> str:
    given = list(values)
    if len(given) > 1:
        raise Forbidden("The proxy passed on a header that says who asks twice: it must replace what browsers send.")
    try:
        return given[0].decode().strip() if given else ""
    except UnicodeDecodeError:
        raise Forbidden("The proxy names somebody by what is not written in UTF-8.") from None
