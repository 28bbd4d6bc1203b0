"""`/healthz` and `/metrics`: whether all parts are up, and metrics for Prometheus."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from errors import SelvedgeError, Unavailable
from services.backups.age import find_backup_fault
from services.mailing.mail_server import describe_outage
from services.write_probe import probe_database, probe_home
from store.database import read_transaction
from store.events.workflows import count_lost
from store.mail.model_calls import find_repeated_failure
from web.context import WebContext
from web.process_place import ProcessPlace

router = APIRouter(include_in_schema=False)

MODEL: Final = "model"
BACKUP: Final = "backup"
FRESH_S: Final = 2.0
"""How long a result is reused, so that frequent probes cost nothing."""
PATIENCE_S: Final = 2.0

Check = Callable[[], Awaitable[None]]
Subject = TypeVar("Subject")

_THREADS: Final = ThreadPoolExecutor(4, thread_name_prefix="probe")
"""Of their own: those of the pages may all wait for the database."""


async def _run_in_probe(check: Callable[[Subject], None], subject: Subject) -> None:
    await asyncio.get_running_loop().run_in_executor(_THREADS, check, subject)


class HealthChecks:
    """Checks of every part; raises nothing and reuses the result for FRESH_S."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._checked_at = float("-inf")
        self._down: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def find_down(self) -> dict[str, str]:
        """Find what is down and why; empty when all is well."""
        async with self._lock:
            if time.monotonic() - self._checked_at > FRESH_S:
                reasons = await asyncio.gather(*(self._run_check(check) for check in self._checks.values()))
                self._down = {name: why for name, why in zip(self._checks, reasons, strict=True) if why}
                self._checked_at = time.monotonic()
            return self._down

    @property
    def parts(self) -> list[str]:
        """The names of the parts that are checked."""
        return list(self._checks)

    @staticmethod
    async def _run_check(check: Check) -> str:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await check()
        except TimeoutError:
            return f"no answer within {PATIENCE_S:.0f} s"
        except SelvedgeError as failed:
            return getattr(failed, "public", "") or str(failed)
        except OSError as failed:
            return os.strerror(failed.errno) if failed.errno else str(failed) or type(failed).__name__
        return ""


def build_checks(context: WebContext) -> dict[str, Check]:
    """Build a check of each part that sending mail needs."""
    settings = context.settings
    host, _, port = settings.temporal_address.rpartition(":")
    checks: dict[str, Check] = {
        "database": lambda: _run_in_probe(probe_database, context.probe_engine),
        "home": lambda: _run_in_probe(probe_home, settings.home),
        "temporal": lambda: _check_port(host, int(port)),
        "workflows": lambda: _run_in_probe(_check_workflows, context),
    }
    if settings.composer == "model":
        checks[MODEL] = lambda: _run_in_probe(_check_model, context)
    if settings.backup_folder is not None:
        checks[BACKUP] = lambda: _run_in_probe(_check_backup, context)
    if settings.worker_health_url != "none":
        at = urlsplit(settings.worker_health_url or f"http://127.0.0.1:{settings.worker_health_port}/healthz")
        checks["worker"] = lambda: _check_http(at.hostname or "127.0.0.1", at.port or 80, at.path or "/")
    if not settings.smtp_url:
        checks["mailbox"] = lambda: _check_port("127.0.0.1", settings.mailbox_port)
    else:
        checks["mail_server"] = lambda: _run_in_probe(_check_mail_server, context)
    return checks


@router.get("/healthz")
async def show_health(request: Request) -> Response:
    """Respond 200 when everything is up, else 503 with what is down. A language model that is down is named, and alone
    no reason for 503: the template writer stands in. Nor is a late backup: the shop works."""
    health: HealthChecks = request.app.state.health
    found = await health.find_down()
    parts = {name: found.get(name, "up") for name in health.parts}
    down = found.keys() - {MODEL, BACKUP}
    return JSONResponse({"status": "down" if down else "up", **parts}, 503 if down else 200)


@router.get("/metrics")
def show_metrics(request: Request) -> Response:
    """Return the Prometheus metrics of this process and those beside it."""
    place: ProcessPlace = request.app.state.place
    return Response(place.render_metrics(), media_type=CONTENT_TYPE_LATEST)


def _check_model(context: WebContext) -> None:
    """Raise Unavailable with the code with which all of the latest calls failed."""
    with read_transaction(context.probe_engine) as connection:
        if failure := find_repeated_failure(connection):
            raise Unavailable(f"the latest calls fail ({failure}); see SELVEDGE_LLM_BASE_URL and SELVEDGE_LLM_API_KEY")


def _check_mail_server(context: WebContext) -> None:
    """Raise Unavailable with what the workers last found, while it keeps mail back."""
    with read_transaction(context.probe_engine) as connection:
        if outage := describe_outage(connection, context.settings):
            raise Unavailable(outage)


def _check_backup(context: WebContext) -> None:
    """Raise Unavailable when the newest backup is too old, or the register is not written any more."""
    if fault := find_backup_fault(context.settings, context.real_now()):
        raise Unavailable(fault)


def _check_workflows(context: WebContext) -> None:
    """Raise Unavailable with how many workflows should run and do not, as the workers last found."""
    with read_transaction(context.probe_engine) as connection:
        if lost := count_lost(connection):
            raise Unavailable(f"{lost:,} that should run do not; `selvedge reconcile` starts them")


async def _check_port(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _check_http(host: str, port: int, path: str) -> None:
    """Raise OSError unless a GET is answered with 200."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        status = (await reader.readline()).split(b" ")[1:2]
    finally:
        writer.close()
    if status != [b"200"]:
        raise OSError(f"its health page answers {status[0].decode() if status else 'nothing'}")
