"""The Temporal client of the web process, for the pages and routes that control a workflow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from errors import ConfigError, Unavailable
from settings import Settings
from workflows import handles

if TYPE_CHECKING:
    from temporalio.client import Client


class TemporalConnection:
    """Connects on the first call and keeps the client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def __call__(self) -> Client:
        """Return the client. Raises Unavailable while the server does not answer; the next call tries again."""
        async with self._connecting:
            if self._client is None:
                settings = self._settings
                try:
                    self._client = await handles.connect(settings.temporal_address, settings.temporal_namespace)
                except ConfigError as away:
                    raise Unavailable(str(away), public="Temporal does not answer just now") from None
            return self._client
