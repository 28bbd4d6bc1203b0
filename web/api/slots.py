"""`GET /v1/slots` and `/v1/slots/<name>/schema`: the questions and answers of the slots, for authors of algorithms.

Open to all: it holds no data of any client, and authors of algorithms have no key.
"""

from __future__ import annotations

from typing import Final

from algorithms.slots.slot_table import SLOTS, require_slot
from models.api_answers import SlotSchema, SlotSummary
from web.api.routing import SlotPath, create_router, declare_errors

router: Final = create_router(
    "slots", open_to_all="authors of algorithms have no key, and it holds no data of any client"
)


@router.get("/slots")
def list_slots() -> list[SlotSummary]:
    """List every slot with its question and its deadline."""
    return [
        SlotSummary(slot=slot.name, asks=slot.asks, deadline_ms=round(slot.seconds * 1000)) for slot in SLOTS.values()
    ]


@router.get("/slots/{name}/schema", responses=declare_errors(404))
def get_slot_schema(name: SlotPath) -> SlotSchema:
    """Return the JSON Schemas of a slot's question and answer; 404 with the names there are."""
    return SlotSchema.model_validate(require_slot(name).build_schema())
