"""Requests of agents on their way to the process that keeps their sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from errors import Unavailable

HOPS: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers of one connection, which go no further."""


class Forwarder:
    """Hands requests to `address` as they are, and the answers back as they come, for as long as they take."""

    def __init__(self, address: str) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._client = httpx.AsyncClient(
            base_url=address, timeout=httpx.Timeout(None, connect=5.0), limits=limits, trust_env=False
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request. Raises Unavailable while nobody is there."""
        request = Request(scope, receive)
        headers = [(name, value) for name, value in request.headers.items() if name not in HOPS]
        target = httpx.URL(path=scope["path"], query=scope["query_string"])
        body = request.stream() if request.method == "POST" else None
        sent = self._client.build_request(request.method, target, headers=headers, content=body)
        try:
            answer = await self._client.send(sent, stream=True)
        except ClientDisconnect:
            return
        except httpx.HTTPError:
            raise Unavailable("the process that keeps sessions of agents is away; try again in a moment") from None
        try:
            passed = {name: value for name, value in answer.headers.items() if name not in HOPS}
            await StreamingResponse(_read(answer), answer.status_code, passed)(scope, receive, send)
        finally:
            await answer.aclose()

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()


async def _read(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Read an answer until its end, or until who sends it is gone."""
    try:
        async for part in answer.aiter_raw():
            yield part
    except httpx.HTTPError:
        return
