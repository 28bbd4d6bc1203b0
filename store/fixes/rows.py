"""The rows of Fixes, of their steps and boxes, and the JSON columns: the wish, the candidates, the items left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from domain.fixes import notes as fix_notes
from models.base import ClientId, Id, ItemId, Sku
from models.box_roles import BoxRole
from models.fixes import FixId, FixItem, FixState, FixWish, ItemState
from store.sql.records import Record

MOST_NAMED: Final = 50
"""Most items named for each reason to leave them out; the others are only counted."""


@dataclass(frozen=True, slots=True)
class FixRow(Record):
    """One Fix. JSON columns are as stored: read them with the functions below."""

    fix_id: FixId
    client_id: ClientId
    request_key: str | None
    wish: dict[str, Any]
    note: str | None
    note_read: dict[str, Any] | None
    stylist_note: str | None
    wave: bool
    wave_id: Id | None
    state: FixState
    code: str
    candidates: dict[str, Any] | None
    question: dict[str, Any] | None
    box: tuple[Sku, ...] | None
    algorithm: str
    version: str
    objective: float | None
    assembled: int
    due_at: datetime | None
    decide_by: datetime | None
    decided_by: str
    created_at: datetime
    updated_at: datetime
    shipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class FixStepRow(Record):
    """One step that a Fix took. `data`: what was put in and taken out, and by whom."""

    at: datetime
    state: FixState
    code: str
    data: Any


@dataclass(frozen=True, slots=True)
class BoxRow(Record):
    """One item of a box, with its state and feedback."""

    fix_id: FixId
    sku: Sku
    item_id: ItemId
    size: str
    category: str
    colour: str
    price_cents: int
    score: float
    p_fit: float
    liking: float
    role: BoxRole
    price_ratio: float
    reach: float
    answered: float
    state: ItemState
    held_until: datetime | None
    fit: str | None
    feedback: dict[str, Any] | None
    note: str | None
    feedback_at: datetime | None


def parse_wish(row: FixRow) -> FixWish:
    """Parse the wish: the fields of the request, and what the note adds to them."""
    return fix_notes.merge_note(FixWish.model_validate(row.wish), row.note_read or {})


def build_candidates(
    items: Iterable[FixItem], left_out: Mapping[ItemId, str], obstacles: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Build the column `candidates` from the items that may go into the box, best first, the code why each other may
    not, and by the key of each must that no item answers, the code why (`obstacles`)."""
    ids_by_code: dict[str, list[ItemId]] = {}
    for item_id, code in sorted(left_out.items()):
        ids_by_code.setdefault(code, []).append(item_id)
    return {
        "items": [item.model_dump(mode="json") for item in items],
        "left_out": {code: item_ids[:MOST_NAMED] for code, item_ids in ids_by_code.items()},
        "counts": dict(Counter(left_out.values())),
        "obstacles": dict(obstacles),
    }


def add_candidates(row: FixRow, items: Iterable[FixItem]) -> dict[str, Any]:
    """Build the column `candidates` with further items, behind those that are in it."""
    stored = row.candidates or {}
    return {**stored, "items": [*stored.get("items", ()), *(item.model_dump(mode="json") for item in items)]}


def parse_candidates(row: FixRow) -> tuple[FixItem, ...]:
    """Parse the candidates of a ranked Fix, the likeliest to be kept first."""
    return tuple(FixItem.model_validate(item) for item in (row.candidates or {}).get("items", ()))


def parse_obstacles(row: FixRow) -> dict[str, str]:
    """Parse why no candidate answers a must, by the key of the must."""
    return dict((row.candidates or {}).get("obstacles", {}))


def parse_left_out(row: FixRow) -> dict[ItemId, str]:
    """Parse the items named as left out, with the code of the reason."""
    ids_by_code: Mapping[str, Iterable[ItemId]] = (row.candidates or {}).get("left_out", {})
    return {item_id: code for code, items in ids_by_code.items() for item_id in items}


def parse_left_out_counts(row: FixRow) -> dict[str, int]:
    """Parse how many items were left out, by the code of the reason."""
    return dict((row.candidates or {}).get("counts", {}))
