"""What the JSON columns of a Fix's row say: the wish, the candidates, and what was left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Row

from domain.fixes import notes as fix_notes
from models.base import ItemId
from models.fixes import FixItem, FixWish

NAMED: Final = 50
"""Items that are named for each reason to leave them out; the others are counted."""


def wish_of(row: Row[Any]) -> FixWish:
    """What is asked of a Fix: what was stated, and what the note adds to it."""
    return fix_notes.merged(FixWish.model_validate(row.wish), (row.note_read or {}).get("fields", {}))


def candidates(items: Iterable[FixItem], left_out: Mapping[ItemId, str]) -> dict[str, Any]:
    """The column `candidates`, from the items that may go into the box, best first, and the code why each other may
    not; the functions below read it."""
    named: dict[str, list[ItemId]] = {}
    for item_id, code in sorted(left_out.items()):
        named.setdefault(code, []).append(item_id)
    return {
        "items": [item.model_dump(mode="json") for item in items],
        "left_out": {code: those[:NAMED] for code, those in named.items()},
        "counts": dict(Counter(left_out.values())),
    }


def items_of(row: Row[Any]) -> tuple[FixItem, ...]:
    """The candidates of a Fix that was ranked, the likeliest to be kept first."""
    return tuple(FixItem.model_validate(each) for each in (row.candidates or {}).get("items", ()))


def left_out_of(row: Row[Any]) -> dict[ItemId, str]:
    """The items named as left out, with the code of the reason."""
    named: Mapping[str, Iterable[ItemId]] = (row.candidates or {}).get("left_out", {})
    return {item_id: code for code, items in named.items() for item_id in items}


def counts_of(row: Row[Any]) -> dict[str, int]:
    """How many items were left out, by the code of the reason."""
    return dict((row.candidates or {}).get("counts", {}))
