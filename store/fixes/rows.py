"""The JSON columns of a Fix's row: the wish, the candidates, and the items left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Row

from domain.fixes import notes as fix_notes
from models.base import ItemId
from models.fixes import FixItem, FixWish

MOST_NAMED: Final = 50
"""Most items named for each reason to leave them out; the others are only counted."""


def parse_wish(row: Row[Any]) -> FixWish:
    """Parse the wish: the fields of the request, and what the note adds to them."""
    return fix_notes.merge_note(FixWish.model_validate(row.wish), (row.note_read or {}).get("fields", {}))


def build_candidates(items: Iterable[FixItem], left_out: Mapping[ItemId, str]) -> dict[str, Any]:
    """Build the column `candidates` from the items that may go into the box, best first, and the code why each other
    may not."""
    ids_by_code: dict[str, list[ItemId]] = {}
    for item_id, code in sorted(left_out.items()):
        ids_by_code.setdefault(code, []).append(item_id)
    return {
        "items": [item.model_dump(mode="json") for item in items],
        "left_out": {code: item_ids[:MOST_NAMED] for code, item_ids in ids_by_code.items()},
        "counts": dict(Counter(left_out.values())),
    }


def parse_candidates(row: Row[Any]) -> tuple[FixItem, ...]:
    """Parse the candidates of a ranked Fix, the likeliest to be kept first."""
    return tuple(FixItem.model_validate(item) for item in (row.candidates or {}).get("items", ()))


def parse_left_out(row: Row[Any]) -> dict[ItemId, str]:
    """Parse the items named as left out, with the code of the reason."""
    ids_by_code: Mapping[str, Iterable[ItemId]] = (row.candidates or {}).get("left_out", {})
    return {item_id: code for code, items in ids_by_code.items() for item_id in items}


def parse_left_out_counts(row: Row[Any]) -> dict[str, int]:
    """Parse how many items were left out, by the code of the reason."""
    return dict((row.candidates or {}).get("counts", {}))
