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

from algorithms.slots import algorithm_error, signing
from algorithms.slots.algorithm_error import AlgorithmError
from errors import ConfigError
from network.allowlist import NetworkAllowlist, NetworkFault
from network.pinned_requests import CLIENT, ask_in_turn, pin_request, resolve_url

Work = tuple[Callable[[], dict[str, Any]], "Future[dict[str, Any]]"]

THREADS: Final = 8
"""Calls to one remote at a time; a call that is stuck keeps its thread, so their number is limited."""
GRACE: Final = 1.0
"""Seconds past its deadline after which a call that still gets bytes loses its connection."""


@dataclass(frozen=True)
class RemoteEndpoint:
    """The URL of a remote algorithm and the key that signs our calls."""

    name: str
    url: str
    key: bytes = field(repr=False)
    allowlist: NetworkAllowlist = field(default_factory=NetworkAllowlist)


class RemoteAlgorithm:
    """A remote algorithm at one endpoint; safe from many threads. Close it when it is not needed any more.

    `ca_file`: further certificates (PEM) that are trusted. Each call runs in a thread of ours and is abandoned at the
    deadline: httpx limits each step of a call (name, connection, TLS, each part of a slow reply) but not their sum.
    """

    def __init__(
        self, endpoint: RemoteEndpoint, wall_clock: Callable[[], float] = time.time, ca_file: Path | None = None
    ) -> None:
        self.endpoint, self._wall_clock = endpoint, wall_clock
        endpoint.allowlist.check_url(endpoint.url)
        limits = httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)  # all lead to one host
        options = {**CLIENT, "limits": limits}
        self._new_client = partial(httpx.Client, verify=_build_tls_context(ca_file), **options)
        self._client = self._new_client()
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._free = threading.Semaphore(THREADS)
        self._threads = 0
        self._starting = threading.Lock()

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """Send an order and return the reply before the moment `end` (monotonic seconds). Raises AlgorithmError."""
        started = time.monotonic()
        if not self._free.acquire(timeout=max(end - started, 0)):
            raise AlgorithmError("busy", f"{THREADS} calls are under way already")
        self._start_thread()
        future: Future[dict[str, Any]] = Future()
        self._work.put((lambda: self._exchange(order, end, limit), future))
        try:
            return future.result(max(end - time.monotonic(), 0))
        except TimeoutError:
            timer = threading.Timer(GRACE, self._cut_connection, (self._client, future))
            timer.daemon = True
            timer.start()
            raise algorithm_error.build_late_error(end - started) from None

    def _cut_connection(self, client: httpx.Client, call: Future[dict[str, Any]]) -> None:
        """Close the connection of a call whose reply neither ends nor pauses: each part comes in time, so httpx would
        read for ever."""
        with self._starting:
            if call.done() or client is not self._client:
                return
            self._client = self._new_client()
        client.close()

    def is_ready(self, seconds: float) -> bool:
        """Return True: a remote is tried only when it is asked."""
        return True

    def close(self) -> None:
        """Close all connections. Calls under way end with AlgorithmError."""
        for _ in range(self._threads):
            self._work.put(None)
        self._client.close()

    def _start_thread(self) -> None:
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
            raise algorithm_error.build_late_error(0)
        url, headers = httpx.URL(self.endpoint.url), self._build_headers(order)
        try:
            addresses = resolve_url(self.endpoint.allowlist, url)
            return ask_in_turn(addresses, lambda address: self._send(url, address, headers, order, end, limit))
        except NetworkFault as refused:
            raise AlgorithmError(refused.code, refused.words) from None
        except httpx.TimeoutException:
            raise algorithm_error.build_late_error(left) from None
        except (httpx.HTTPError, httpx.InvalidURL, RuntimeError) as broken:
            raise AlgorithmError("unreachable", f"{type(broken).__name__}: {broken}") from None

    def _send(
        self, url: httpx.URL, address: str, headers: dict[str, str], order: bytes, end: float, limit: int
    ) -> dict[str, Any]:
        """Send the order to an address that was checked and return the reply."""
        seconds = max(end - time.monotonic(), 0.001)
        pinned = pin_request(url, address, headers)
        with self._client.stream("POST", **pinned, content=order, timeout=seconds) as response:
            return _parse_reply(_read_body(response, end, limit))

    def _build_headers(self, order: bytes) -> dict[str, str]:
        stated = {"content-type": "application/json", "accept-encoding": "identity"}
        message = f"msg_{uuid.uuid4().hex}"
        return stated | signing.build_headers(self.endpoint.key, message, int(self._wall_clock()), order)


def _build_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Build the TLS context. Raises ConfigError when the file holds no certificate."""
    trust = httpx.create_ssl_context(trust_env=False)
    try:
        if ca_file is not None:
            trust.load_verify_locations(ca_file)
    except (OSError, ValueError) as wrong:  # an SSLError is an OSError; a path may be none
        raise ConfigError(f"remotes.ca_file: cannot be read as certificates ({type(wrong).__name__})") from None
    return trust


def _read_body(response: httpx.Response, end: float, limit: int) -> bytes:
    if response.is_redirect:
        raise AlgorithmError("redirect", f"it answered {response.status_code}; redirects are not followed")
    if response.status_code != 200:
        raise AlgorithmError("status", f"it answered {response.status_code}; 200 is wanted")
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > limit:
            raise algorithm_error.build_size_error(len(body), limit)
        if time.monotonic() > end:
            raise algorithm_error.build_late_error(0)
    return bytes(body)


def _parse_reply(body: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        reply = from_json(body)
        if isinstance(reply, dict):
            return reply
    raise AlgorithmError("schema", "the reply is not a JSON object")
