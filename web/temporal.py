"""The Temporal client of the web process, for the pages and routes that control a workflow."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from errors import ConfigError, Unavailable
from settings import Settings
from workflows import handles

if TYPE_CHECKING:
    from temporalio.client import Client


AGAIN_AFTER_S: Final = 1.0
"""Real seconds for which a failure holds: callers who waited for the same attempt do not each wait for their own."""


class TemporalConnection:
    """Connects on the first call and keeps the client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._failed_at, self._fault = -AGAIN_AFTER_S, ""

    async def __call__(self) -> Client:
        """Return the client. Raises Unavailable while the server does not answer; a call a second later tries
        again."""
        async with self._connecting:
            if self._client is None:
                if time.monotonic() - self._failed_at < AGAIN_AFTER_S:
                    raise self._build_error()
                settings = self._settings
                try:
                    self._client = await handles.connect(
                        settings.temporal_address, settings.temporal_namespace, settings.payload_keys
                    )
                except ConfigError as away:
                    self._failed_at, self._fault = time.monotonic(), str(away)
                    raise self._build_error() from None
            return self._client

    def _build_error(self) -> Unavailable:
        return Unavailable(self._fault, public="Temporal does not answer just now")
