"""`GET /v1/slots` and `/v1/slots/<name>/schema`: the questions and answers of the slots, for authors of algorithms.

Open to all: it holds no data of any client, and authors of algorithms have no key.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Response

from algorithms.slots.slot_table import SLOTS, require_slot
from web.api.requests import respond_json

router: Final = APIRouter(prefix="/v1/slots")


@router.get("")
def list_slots() -> Response:
    """List every slot with its question and its deadline."""
    return respond_json(
        [{"slot": slot.name, "asks": slot.asks, "deadline_ms": round(slot.seconds * 1000)} for slot in SLOTS.values()]
    )


@router.get("/{name}/schema")
def get_schema(name: str) -> Response:
    """Return the JSON Schemas of a slot's question and answer; 404 with the names there are."""
    return respond_json(require_slot(name).build_schema())
