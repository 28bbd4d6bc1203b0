"""What the shop's server asks of Selvedge, with its key: searches, clients, orders, and the visit that becomes a
client's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from demo.storefront.goods import ShopPiece

ORDER: Final = "order_placed"


class ShopFault(Exception):
    """Selvedge refused, or does not answer; the text says what the visitor may be told."""


class SelvedgeApi:
    """The public API. `currency`: in which the shop sells."""

    def __init__(self, web: httpx.AsyncClient, currency: str) -> None:
        self._web, self._currency = web, currency

    async def search(self, words: str, size: str, category: str, visit: str | None) -> dict[str, Any]:
        """Search the shop: items in stock in the size, with counts of sizes and categories."""
        given = {"q": words, "size": size, "category": category, "session_id": visit or ""}
        return await self._ask("GET", "/v1/search", params={"n": 24, "facets": "true", **_leave_out_empty(given)})

    async def sign_up(self, email: str, first_name: str, *, mail: bool, size: str) -> str:
        """Make a client, and return the id by which both sides know them: the same for the same address."""
        client_id = "shop-" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]
        body = {"email": email, "first_name": first_name, "consent": mail, "sizes": [size] if size else []}
        await self._ask("PUT", f"/v1/clients/{client_id}", json=body | {"consent_source": "sign-up"})
        return client_id

    async def join(self, visit: str, client_id: str) -> None:
        """Make what was done in the visit the client's own."""
        await self._ask("POST", f"/v1/sessions/{quote(visit, safe='')}/join", json={"client_id": client_id})

    async def recommend(self, context: str, client_id: str, n: int, anchors: dict[str, Any]) -> list[str]:
        """List the ids of items for a page of a client who is signed in."""
        asked = {"context": context, "client_id": client_id, "n": n, "placement": f"shop-{context}", **anchors}
        answer = await self._ask("GET", "/v1/recommendations", params=asked)
        return [item["item_id"] for item in answer["items"]]

    async def tell(self, client_id: str, kind: str, pieces: Iterable[ShopPiece], now: datetime) -> None:
        """Say what a client who is signed in did with these pieces."""
        events = [
            {
                "event_id": secrets.token_hex(12),
                "client_id": client_id,
                "type": kind,
                "occurred_at": now.isoformat(),
                "item_id": piece.item_id,
                **({"value": piece.price, "currency": self._currency} if kind == ORDER else {}),
            }
            for piece in pieces
        ]
        await self._ask("POST", "/v1/events", json=events)

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._web.request(method, path, **more)
        except httpx.HTTPError:
            raise ShopFault("Selvedge does not answer; try again in a moment") from None
        body = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
        if answer.is_success:
            return dict(body)
        raise ShopFault(str(body.get("error", {}).get("message") or f"Selvedge answered {answer.status_code}"))


def _leave_out_empty(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
