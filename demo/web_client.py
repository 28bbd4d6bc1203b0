"""What the demo's parts share to act like a shop's own systems: an HTTP client, and the length of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Protocol

DAY: Final = timedelta(days=1)


class WebClient(Protocol):
    """What the demo needs of an HTTP client: httpx's, or a test's."""

    def put(self, url: str, *, json: Any) -> Any: ...
    def post(self, url: str, *, json: Any) -> Any: ...
