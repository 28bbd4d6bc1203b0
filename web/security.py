"""What every request passes, in plain ASGI: security headers and a count of answers. No handler can forget it."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from functools import cache
from typing import Any, Final

from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
"""Nothing inline runs, so text that slips through escaping stays text."""
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    # An unsubscribe link is a key; it must not leak to the next site.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_RAW_HEADERS: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_RAW_API_HEADERS: Final = [*_RAW_HEADERS, (b"cache-control", b"no-store")]
IMMUTABLE: Final = "public, max-age=31536000, immutable"

requests: Final = Counter("selvedge_http_requests_total", "Answers by route and status", ["route", "method", "status"])
seconds: Final = Histogram("selvedge_http_request_seconds", "Time to the answer's first byte", ["route"])


class SecurityHeaders:
    """Middleware that adds the headers that a route did not set itself, and counts responses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(scope, message)
                _count_response(scope, int(message["status"]), time.perf_counter() - started)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add_headers(scope: Scope, message: MutableMapping[str, Any]) -> None:
    if scope["path"].startswith(("/v1/", "/ofrep/")):  # set by no route of the API
        message["headers"] = [*message.get("headers", ()), *_RAW_API_HEADERS]
        return
    headers = MutableHeaders(scope=message)
    present = {name for name, _ in headers.raw}
    headers.raw.extend(pair for pair in _RAW_HEADERS if pair[0] not in present)
    if scope["path"].startswith("/static/"):
        headers["Cache-Control"] = IMMUTABLE if b"v=" in scope["query_string"] else "no-cache"
    else:
        # Pages show people's data: neither a proxy nor the browser's cache keeps them.
        headers.setdefault("Cache-Control", "no-store")


def _count_response(scope: Scope, status: int, took: float) -> None:
    # The route's pattern, never the path: a path names a client.
    route = getattr(scope.get("route"), "path", "none")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    count, time_taken = _find_metrics(route, method, status)
    count.inc()
    time_taken.observe(took)


@cache
def _find_metrics(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """Find the metrics of a route once; looking them up takes longer than counting."""
    return requests.labels(route, method, status), seconds.labels(route)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
