"""One Fix as the API and the command show it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, select

from domain.fixes.swaps import list_replaceable
from domain.fixes.unmet import list_unmet
from domain.fixes.unmet_sentences import tell_unmet
from models.base import Sku
from models.fix_views import BoxItem, FixStepView, FixView, SwapOffer, UnmetWish
from models.fixes import FixId, FixState, FixWish
from store.catalogue import availability
from store.fixes import fixes, reservations
from store.fixes.rows import (
    BoxRow,
    FixRow,
    FixStepRow,
    parse_candidates,
    parse_left_out_counts,
    parse_obstacles,
    parse_wish,
)
from store.tables import clients

OFFERS: Final = 12
"""Most candidates for a swap that are shown."""


def load_fix_view(connection: Connection, fix_id: FixId) -> FixView:
    """Load a Fix with its state, its box and its steps. Raises NotFound."""
    row = fixes.load_fix(connection, fix_id)
    read, box = row.note_read or {}, reservations.load_box_rows(connection, fix_id)
    answers = {item.sku: item.answers for item in parse_candidates(row)}
    return FixView(
        **_read_values(row),
        worth=sum(item.score for item in box),
        wish=FixWish.model_validate(row.wish),
        note=row.note,
        stylist_note=row.stylist_note,
        read_by=read.get("by", ""),
        said=tuple(read.get("said", ())),
        wishes=parse_wish(row).wishes,
        not_understood=tuple(read.get("not_understood", ())),
        unmet=find_unmet(connection, row, [item.sku for item in box]),
        left_out=parse_left_out_counts(row),
        box=tuple(_build_box_item(item, answers.get(item.sku, ())) for item in box),
        offers=tuple(islice(_iterate_offers(connection, row), OFFERS)),
        steps=tuple(map(_parse_step, fixes.list_steps(connection, fix_id))),
    )


def find_unmet(connection: Connection, row: FixRow, skus: Collection[Sku]) -> tuple[UnmetWish, ...]:
    """Find the wishes that a box does not meet, and tell each to the client; none while there is no box."""
    candidates = parse_candidates(row)
    box = [item for item in candidates if item.sku in skus]
    unmet = list_unmet(parse_wish(row), box, parse_obstacles(row), candidates) if box else ()
    if not unmet:
        return ()
    locale = connection.scalar(select(clients.c.locale).where(clients.c.client_id == row.client_id))
    return tuple(entry.model_copy(update={"told": tell_unmet(entry, locale or "")}) for entry in unmet)


def _build_box_item(item: BoxRow, answers: tuple[str, ...]) -> BoxItem:
    return BoxItem.model_validate(item, from_attributes=True).model_copy(update={"answers": answers})


def _read_values(row: FixRow) -> dict[str, Any]:
    names = ("fix_id", "client_id", "state", "code", "wave_id", "decide_by", "decided_by", "created_at", "shipped_at")
    return {name: getattr(row, name) for name in (*names, "algorithm", "version", "objective")}


def _parse_step(step: FixStepRow) -> FixStepView:
    return FixStepView(at=step.at, state=step.state, code=step.code, by=(step.data or {}).get("decided_by", ""))


def _iterate_offers(connection: Connection, row: FixRow) -> Iterator[SwapOffer]:
    """Iterate over the items that may be swapped into a proposed box: allowed by the rules of a swap, and with a free
    unit."""
    if row.state != FixState.PROPOSED:
        return
    wish, box = parse_wish(row), reservations.load_box(connection, row.fix_id)
    items = parse_candidates(row)
    free = availability.count_free(connection, [item.sku for item in items])
    for item in items:
        instead_of = list_replaceable(wish, box, item) if free.get(item.sku, 0) > 0 else ()
        if instead_of:
            fields = item.model_dump(include=set(SwapOffer.model_fields))
            yield SwapOffer(**fields, instead_of=instead_of)
