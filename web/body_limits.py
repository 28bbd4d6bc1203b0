"""The largest body that each route accepts; middleware, so that no handler can forget it."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import TooLarge

LIMITS: Final[tuple[tuple[str, int], ...]] = (
    ("/v1/events", 5_000_000),  # some five thousand bytes for each of a thousand events
    ("/v1/session/", 200_000),
    ("/v1/slots/", 20_000),
    ("/v1/calls/", 10_000),
    ("/v1/", 100_000),
    ("/", 20_000),  # the forms of our own pages
)
"""Bytes by the beginning of the path; the first that fits counts."""


def find_limit(path: str) -> int:
    """Find the largest body, in bytes, that may be sent to `path`."""
    return next(limit for prefix, limit in LIMITS if path.startswith(prefix) or prefix == "/")


class BodyLimits:
    """Middleware that raises TooLarge to whoever reads a body beyond the limit of its route.

    A declared length is refused before the first byte is read, but after the route has checked the caller's key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = _limit_body(scope, receive) if scope["type"] == "http" else receive
        await self._app(scope, limited, send)


def _limit_body(scope: Scope, receive: Receive) -> Receive:
    largest, read = find_limit(scope["path"]), 0
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")

    async def receive_limited() -> Message:
        nonlocal read
        if declared.isdigit() and int(declared) > largest:
            raise TooLarge(f"is {int(declared):,} bytes; at most {largest:,} are accepted at once", "body")
        message = await receive()
        read += len(message.get("body", b""))
        if read > largest:
            raise TooLarge(f"is over {largest:,} bytes; send less at once", "body")
        return message

    return receive_limited
