"""Algorithms behind HTTP, in any language: one signed POST with a batch of questions, one JSON reply."""

from __future__ import annotations

import ssl
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import httpx
from pydantic_core import from_json

from algorithms.slots import signing, trouble
from algorithms.slots.reach import Reach
from algorithms.slots.trouble import Trouble
from errors import ConfigError

Work = tuple[Callable[[], dict[str, Any]], "Future[dict[str, Any]]"]

THREADS: Final = 8
"""Calls to one remote at a time. One that is stuck keeps its thread, so there is an end to what it can take."""
GRACE: Final = 1.0
"""Seconds past its deadline after which a call that still gets bytes loses its connection."""


@dataclass(frozen=True)
class Endpoint:
    """Where a remote algorithm answers, and the key that it knows us by."""

    name: str
    url: str
    key: bytes = field(repr=False)
    reach: Reach = field(default_factory=Reach)


class Remote:
    """Asks one endpoint; safe from many threads. Close it when it is not needed any more.

    `ca_file`: certificates (PEM) that vouch for it beside those that everybody trusts.
    Each call runs in a thread of ours and is left behind at the deadline: of what a call waits for (name, connection,
    TLS, each part of a reply that trickles), httpx limits each but not the sum.
    """

    def __init__(
        self, endpoint: Endpoint, wall_clock: Callable[[], float] = time.time, ca_file: Path | None = None
    ) -> None:
        self.endpoint, self._wall_clock = endpoint, wall_clock
        endpoint.reach.check_url(endpoint.url)
        limits = httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
        # No proxy from the environment: it would look names up for us, out of sight of the rules.
        self._fresh = partial(
            httpx.Client, verify=_trust(ca_file), follow_redirects=False, trust_env=False, limits=limits
        )
        self._client = self._fresh()
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._free = threading.Semaphore(THREADS)
        self._threads = 0
        self._starting = threading.Lock()

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """The reply before the moment `end` (monotonic seconds). Raises Trouble."""
        started = time.monotonic()
        if not self._free.acquire(timeout=max(end - started, 0)):
            raise Trouble("busy", f"{THREADS} calls are under way already")
        self._one_more_thread()
        future: Future[dict[str, Any]] = Future()
        self._work.put((lambda: self._exchange(order, end, limit), future))
        try:
            return future.result(max(end - time.monotonic(), 0))
        except TimeoutError:
            timer = threading.Timer(GRACE, self._cut, (self._client, future))
            timer.daemon = True
            timer.start()
            raise trouble.late(end - started) from None

    def _cut(self, client: httpx.Client, call: Future[dict[str, Any]]) -> None:
        """End a call whose reply neither ends nor pauses: each part comes in time, so httpx would read for ever."""
        with self._starting:
            if call.done() or client is not self._client:
                return
            self._client = self._fresh()
        client.close()

    def ready(self, seconds: float) -> bool:
        """A remote is asked when it is asked."""
        return True

    def close(self) -> None:
        """Give up all connections. Calls under way end with Trouble."""
        for _ in range(self._threads):
            self._work.put(None)
        self._client.close()

    def _one_more_thread(self) -> None:
        with self._starting:
            if self._threads < THREADS:
                self._threads += 1
                threading.Thread(target=self._serve, name=f"remote-{self.endpoint.name}", daemon=True).start()

    def _serve(self) -> None:
        while (work := self._work.get()) is not None:
            call, future = work
            try:
                future.set_result(call())
            except BaseException as broken:
                future.set_exception(broken)
            finally:
                self._free.release()

    def _exchange(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        left = end - time.monotonic()
        if left <= 0:
            raise trouble.late(0)
        url = httpx.URL(self.endpoint.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        headers = self._headers(url, order)
        refused = ""
        for address in self.endpoint.reach.addresses(url.scheme, url.host, port):
            try:
                return self._sent(url, address, headers, order, end, limit)
            except httpx.TimeoutException:
                raise trouble.late(left) from None
            except httpx.ConnectError as broken:
                refused = f"{type(broken).__name__}: {broken}"
            except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as broken:
                raise Trouble("unreachable", f"{type(broken).__name__}: {broken}") from None
        raise Trouble("unreachable", refused)

    def _sent(
        self, url: httpx.URL, address: str, headers: dict[str, str], order: bytes, end: float, limit: int
    ) -> dict[str, Any]:
        """The reply of the address that was judged, which must prove that it is the host of the URL."""
        with self._client.stream(
            "POST",
            url.copy_with(host=address),
            content=order,
            headers=headers,
            extensions={"sni_hostname": url.host},
            timeout=max(end - time.monotonic(), 0.001),
        ) as response:
            return _reply(_body(response, end, limit))

    def _headers(self, url: httpx.URL, order: bytes) -> dict[str, str]:
        stated = {"host": url.netloc.decode(), "content-type": "application/json", "accept-encoding": "identity"}
        message = f"msg_{uuid.uuid4().hex}"
        return stated | signing.headers(self.endpoint.key, message, int(self._wall_clock()), order)


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Raises ConfigError when the file holds no certificate."""
    trust = httpx.create_ssl_context(trust_env=False)
    try:
        if ca_file is not None:
            trust.load_verify_locations(ca_file)
    except (OSError, ValueError) as wrong:  # an SSLError is an OSError; a path may be none
        raise ConfigError(f"remotes.ca_file: cannot be read as certificates ({type(wrong).__name__})") from None
    return trust


def _body(response: httpx.Response, end: float, limit: int) -> bytes:
    if response.is_redirect:
        raise Trouble("redirect", f"it answered {response.status_code}; redirects are not followed")
    if response.status_code != 200:
        raise Trouble("status", f"it answered {response.status_code}; 200 is wanted")
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > limit:
            raise trouble.too_large(len(body), limit)
        if time.monotonic() > end:
            raise trouble.late(0)
    return bytes(body)


def _reply(body: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        said = from_json(body)
        if isinstance(said, dict):
            return said
    raise Trouble("schema", "the reply is not a JSON object")
