"""Fetch one picture from where the shop has it: no private address at any hop, within a size and a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Final
from urllib.parse import urljoin

import httpx

from network.allowlist import NetworkAllowlist, NetworkFault
from network.pinned_requests import CLIENT, ask_in_turn, pin_request, resolve_url
from settings import Settings

MOST_REDIRECTS: Final = 4
SECONDS: Final = 20.0
"""For all hops together."""
STEP_SECONDS: Final = 8.0
"""For one step, such as a connection."""


class PictureFault(Exception):
    """A picture that cannot be had. `code` stands in the store; `again`: a later try may do better."""

    def __init__(self, code: str, *, again: bool = False) -> None:
        super().__init__(code)
        self.code, self.again = code, again


@dataclass(frozen=True)
class PictureFetcher:
    """Fetches pictures; safe from many threads."""

    allowlist: NetworkAllowlist
    most_bytes: int
    seconds: float = SECONDS
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=STEP_SECONDS, **CLIENT))

    @classmethod
    def from_settings(cls, settings: Settings) -> PictureFetcher:
        """Build the fetcher. Raises ConfigError for networks that are none."""
        allowlist = NetworkAllowlist.parse_networks(settings.picture_networks, "SELVEDGE_PICTURE_NETWORKS", plain=True)
        return cls(allowlist, settings.picture_max_bytes)

    def fetch(self, address: str) -> bytes:
        """Fetch what is at a web address, in a thread that is abandoned when the time is over: httpx limits each step
        of an answer, but not their sum. Raises PictureFault."""
        future: Future[bytes] = Future()
        Thread(target=self._run, args=(address, future), daemon=True, name="picture-fetch").start()
        try:
            return future.result(self.seconds)
        except TimeoutError:
            raise PictureFault("late", again=True) from None

    def _run(self, address: str, future: Future[bytes]) -> None:
        try:
            future.set_result(self._follow(address, time.monotonic() + self.seconds))
        except BaseException as fault:
            future.set_exception(fault)

    def _follow(self, address: str, end: float) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(_parse_url(address), end)
            if isinstance(answer, bytes):
                return answer
            address = urljoin(address, answer)
        raise PictureFault("too_many_redirects")

    def _ask(self, url: httpx.URL, end: float) -> bytes | str:
        """Ask one host, and return the body, or where it redirects to."""
        code = "unreachable"
        try:
            return ask_in_turn(self._resolve(url), lambda reached: self._ask_at(url, reached, end))
        except httpx.ConnectError:
            pass
        except httpx.TimeoutException:
            code = "late"
        except (httpx.HTTPError, httpx.InvalidURL):
            code = "broken_answer"
        raise PictureFault(code, again=True)

    def _resolve(self, url: httpx.URL) -> list[str]:
        try:
            return resolve_url(self.allowlist, url)
        except NetworkFault as refused:
            raise PictureFault(refused.code, again=refused.code == "unreachable") from None

    def _ask_at(self, url: httpx.URL, reached: str, end: float) -> bytes | str:
        headers = {"user-agent": "Selvedge pictures", "accept": "image/*", "accept-encoding": "identity"}
        with self.client.stream("GET", **pin_request(url, reached, headers)) as answer:
            if answer.is_redirect:
                return str(answer.headers.get("location", ""))
            _require_picture(answer)
            return b"".join(self._read(answer, end))

    def _read(self, answer: httpx.Response, end: float) -> Iterator[bytes]:
        size = 0
        for part in answer.iter_raw():
            size += len(part)
            if size > self.most_bytes:
                raise PictureFault("too_large")
            if time.monotonic() > end:
                raise PictureFault("late", again=True)
            yield part


def _parse_url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise PictureFault("no_address") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise PictureFault("no_address")
    return url


def _require_picture(answer: httpx.Response) -> None:
    status = answer.status_code
    if status != 200:
        raise PictureFault(f"status_{status}", again=status in (408, 425, 429) or status >= 500)
    kind = answer.headers.get("content-type", "image/").partition(";")[0].strip().lower()
    if not kind.startswith("image/") and kind not in ("application/octet-stream", "binary/octet-stream", ""):
        raise PictureFault("no_picture")
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise PictureFault("broken_answer")
