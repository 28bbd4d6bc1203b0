"""`GET /v1/slots` and `/v1/slots/<name>/schema`: what the slots ask and take, for authors of algorithms.

Open to all: it holds nothing of any client, and whoever writes an algorithm has no key.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from algorithms.slots.slot_table import SLOTS, slot_named
from web.api.requests import answer

router: Final = APIRouter(prefix="/v1/slots")


@router.get("")
def names() -> Response:
    """Every slot, what it asks and how long it waits."""
    return answer(
        [{"slot": each.name, "asks": each.asks, "deadline_ms": round(each.seconds * 1000)} for each in SLOTS.values()]
    )


@router.get("/{name}/schema")
def schema(name: str) -> Response:
    """The JSON Schemas of a slot's question and answer; 404 with the names there are."""
    return answer(slot_named(name).schema())
