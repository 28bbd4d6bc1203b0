"""Send messages to endpoints: signed, to an address that was checked, with no redirect, within seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
import orjson

from domain.webhook_rules import sign_message
from network.allowlist import NetworkAllowlist, NetworkFault
from network.pinned_requests import CLIENT, await_in_turn, pin_request, resolve_url
from settings import Settings
from store.webhooks.messages import LeasedMessage

SECONDS: Final = 15.0
"""For one try, all steps together."""
LOOK_UPS: Final = 32
"""Names that are looked up at once; a name server that hangs holds up no other work of the process."""


def _build_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=SECONDS, **CLIENT)


@dataclass(frozen=True)
class TryResult:
    """How one try ended. `fault`: why there was no answer; `wished_s`: seconds that the endpoint asks to wait."""

    status: int | None
    fault: str
    ms: int
    wished_s: float | None = None

    @property
    def good(self) -> bool:
        """Whether the endpoint took the message."""
        return self.status is not None and 200 <= self.status < 300

    def describe(self, at: datetime) -> dict[str, Any]:
        """Describe the try for the log. `at`: real time."""
        return {"at": at.isoformat(), "status": self.status, "fault": self.fault, "ms": self.ms}


@dataclass(frozen=True)
class WebhookSender:
    """Sends messages; one serves a process. Close it."""

    allowlist: NetworkAllowlist
    seconds: float = SECONDS
    client: httpx.AsyncClient = field(default_factory=_build_client)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(LOOK_UPS, "webhook"))

    @classmethod
    def from_settings(cls, settings: Settings, seconds: float = SECONDS) -> WebhookSender:
        """Build the sender. Raises ConfigError for networks that are none."""
        return cls(build_allowlist(settings), seconds)

    async def close(self) -> None:
        """Close what is open."""
        await self.client.aclose()
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, url: str, secrets: Sequence[str], message: LeasedMessage, real_now: datetime) -> TryResult:
        """Send one message, and return how it ended; it raises nothing."""
        return await self.send_body(url, secrets, message.message_id, build_body(message), real_now)

    async def send_body(
        self, url: str, secrets: Sequence[str], message_id: str, body: bytes, real_now: datetime
    ) -> TryResult:
        """Send a body of JSON, signed where there are secrets, and return how it ended; it raises nothing."""
        begun, stamp = time.monotonic(), int(real_now.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "Selvedge webhooks",
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
        }
        if secrets:
            headers["webhook-signature"] = sign_message(secrets, message_id, stamp, body)
        try:
            status, wished_s = await asyncio.wait_for(self._post(httpx.URL(url), headers, body), self.seconds)
            fault = "redirects" if 300 <= status < 400 else ""
        except TimeoutError:
            status, wished_s, fault = None, None, "late"
        except NetworkFault as refused:
            status, wished_s, fault = None, None, refused.code
        except httpx.TimeoutException:
            status, wished_s, fault = None, None, "late"
        except httpx.ConnectError:
            status, wished_s, fault = None, None, "unreachable"
        except (httpx.HTTPError, httpx.InvalidURL):
            status, wished_s, fault = None, None, "broken_answer"
        return TryResult(status, fault, int((time.monotonic() - begun) * 1_000), wished_s)

    async def _post(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> tuple[int, float | None]:
        loop = asyncio.get_running_loop()
        reached = await loop.run_in_executor(self.threads, resolve_url, self.allowlist, url)
        return await await_in_turn(reached, lambda address: self._post_at(url, address, headers, body))

    async def _post_at(
        self, url: httpx.URL, address: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, float | None]:
        # Of the answer only the head is read: nobody asked for its body, however long.
        async with self.client.stream("POST", **pin_request(url, address, headers), content=body) as answer:
            wished = answer.headers.get("retry-after", "")
            return answer.status_code, float(wished) if wished.isascii() and wished.isdigit() else None


def build_allowlist(settings: Settings) -> NetworkAllowlist:
    """Build the rule of which addresses may be reached: public ones by TLS, and the networks of the setting."""
    return NetworkAllowlist.parse_networks(settings.webhook_networks, "SELVEDGE_WEBHOOK_NETWORKS")


def build_body(message: LeasedMessage) -> bytes:
    """Build the body, which is the same at every try: ids, codes and states, nothing else."""
    named = {"client_id": message.client_id, "n": message.n, "kind": message.kind, "campaign": message.campaign}
    data = {name: value for name, value in named.items() if value is not None}
    return orjson.dumps({"type": message.type, "timestamp": message.at.isoformat(), "data": {**data, **message.data}})
