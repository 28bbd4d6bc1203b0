"""`/healthz` and `/metrics`: whether everything is up, and figures for Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from errors import SelvedgeError
from store.database import ping
from web.context import Context, context_of

router = APIRouter(include_in_schema=False)

FRESH_S: Final = 2.0
"""How long an answer may be reused, so that a nervous probe costs nothing."""
PATIENCE_S: Final = 2.0

Check = Callable[[], Awaitable[None]]


class Health:
    """Asks every part; raises nothing, remembers the answer for FRESH_S."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._asked_at = float("-inf")
        self._down: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def down(self) -> dict[str, str]:
        """What is down, and how that shows; empty when all is well."""
        async with self._lock:
            if time.monotonic() - self._asked_at > FRESH_S:
                found = await asyncio.gather(*(self._ask(check) for check in self._checks.values()))
                self._down = {name: why for name, why in zip(self._checks, found, strict=True) if why}
                self._asked_at = time.monotonic()
            return self._down

    @property
    def parts(self) -> list[str]:
        """The names of what is asked."""
        return list(self._checks)

    @staticmethod
    async def _ask(check: Check) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await check()
        except TimeoutError:
            return f"no answer within {PATIENCE_S:.0f} s"
        except (OSError, SelvedgeError) as failed:
            return str(failed) or type(failed).__name__
        return ""


def checks(context: Context) -> dict[str, Check]:
    """What has to be up for clients to be mailed."""
    settings = context.settings
    host, _, port = settings.temporal_address.rpartition(":")
    found: dict[str, Check] = {
        "database": lambda: asyncio.to_thread(ping, context.engine),
        "temporal": lambda: _connects(host, int(port)),
    }
    if settings.worker_health_url != "none":
        at = urlsplit(settings.worker_health_url or f"http://127.0.0.1:{settings.worker_health_port}/healthz")
        found["worker"] = lambda: _answers(at.hostname or "127.0.0.1", at.port or 80, at.path or "/")
    if not settings.smtp_url:
        found["mailbox"] = lambda: _connects("127.0.0.1", settings.mailbox_port)
    return found


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """200 when everything is up, else 503 with what is down."""
    health: Health = request.app.state.health
    down = await health.down()
    parts = {name: down.get(name, "up") for name in health.parts}
    return JSONResponse({"status": "down" if down else "up", **parts}, 503 if down else 200)


@router.get("/metrics")
def metrics(_context: Annotated[Context, Depends(context_of)]) -> Response:
    """Prometheus text of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _connects(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _answers(host: str, port: int, path: str) -> None:
    """A GET is answered with 200."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        status = (await reader.readline()).split(b" ")[1:2]
    finally:
        writer.close()
    if status != [b"200"]:
        raise OSError(f"its health page answers {status[0].decode() if status else 'nothing'}")
