"""Whom a proxy in front of us has signed in, by headers that are believed from its network alone."""

from __future__ import annotations

import logging
from functools import cache
from typing import Final

from fastapi import Request
from prometheus_client import Counter

from connection_settings import parse_proxy_networks
from domain.network_addresses import Network
from domain.proxy_peers import PEER, NamedUser, is_proxy, read_user
from settings import Settings

log = logging.getLogger("selvedge.web")

ignored: Final = Counter("selvedge_proxy_headers_ignored_total", "Requests that named a user and came from no proxy")


def find_named_user(request: Request, settings: Settings) -> NamedUser | None:
    """Find whom a trusted proxy names; None where nobody is named. The header of anybody else is ignored, counted, and
    said once in the log. Raises Forbidden for headers that contradict themselves."""
    if not settings.proxy_user_header:
        return None
    names = _list_values(request, settings.proxy_user_header)
    if not names:
        return None
    if not is_proxy(request.scope.get(PEER, ""), _parse(settings.proxy_networks)):
        ignored.inc()
        _warn_once(settings.proxy_user_header)
        return None
    groups = _list_values(request, settings.proxy_groups_header) if settings.proxy_groups_header else []
    return read_user(names, groups)


def _list_values(request: Request, header: str) -> list[bytes]:
    """List the values of a header. Names are compared as they are: one with underscores is another header."""
    wanted = header.lower().encode()
    return [value for name, value in request.scope["headers"] if name == wanted]


@cache
def _parse(networks: str) -> tuple[Network, ...]:
    return parse_proxy_networks(networks)


@cache
def _warn_once(header: str) -> None:
    log.warning(
        "%s came from an address outside SELVEDGE_PROXY_NETWORKS and is ignored; "
        "selvedge_proxy_headers_ignored_total counts how often",
        header,
    )
