"""Some clients of a list: those that somebody marked, or all that a search finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from errors import BadInput
from models.base import ClientId
from models.client_lists import ListOrder
from models.segment_answers import SegmentSlug
from store.clients.lists import ClientPage, ClientSummary, find_clients, list_summaries
from store.database import read_transaction
from store.segments.segments import load_last_counts, load_segment

BATCH: Final = 500
MOST: Final = 10_000
"""Clients that one act may be about, and that a list is sorted of: so many are done in seconds."""


@dataclass(frozen=True, slots=True)
class ClientSelection:
    """The clients `ids`, or with `everyone` all that the search of a list finds."""

    ids: tuple[ClientId, ...] = ()
    everyone: bool = False
    text: str = ""
    phase: str = ""
    segment: SegmentSlug = ""


def find_page(
    engine: Engine,
    chosen: ClientSelection,
    now: datetime,
    after: ClientId = "",
    limit: int = BATCH,
    order: ListOrder | None = None,
    most: int = 0,
    **by: bool,
) -> ClientPage:
    """Find a page of the clients whom the search of a list finds, in the order of ids or, of no more than `most`, in
    another; up to one more than `most` are counted. Raises NotFound for an unknown segment."""
    with read_transaction(engine) as connection:
        within = (load_segment(connection, chosen.segment).tree, now) if chosen.segment else None
        whole = chosen.segment and not (chosen.text or chosen.phase)
        known = load_last_counts(connection, [chosen.segment]) if whole and most else {}
        sort = None if order is None else (order, now)
        return find_clients(
            connection,
            chosen.text,
            chosen.phase,
            after,
            limit,
            within=within,
            most=most,
            known=known.get(chosen.segment, 0),
            order=sort,
            **by,
        )


def iterate_selected(engine: Engine, chosen: ClientSelection, now: datetime) -> Iterator[Sequence[ClientSummary]]:
    """Yield the clients of a selection in batches, in the order of ids."""
    if not chosen.everyone:
        for ids in split_batches(sorted(set(chosen.ids))):
            with read_transaction(engine) as connection:
                found = list_summaries(connection, ids)
            yield found
        return
    after: ClientId | None = ""
    while after is not None:
        page = find_page(engine, chosen, now, after)
        yield page.rows
        after = page.after


def list_selected(engine: Engine, chosen: ClientSelection, now: datetime) -> list[ClientId]:
    """List the ids of a selection. Raises BadInput for none, and for more than one act may be about."""
    ids: list[ClientId] = []
    for batch in iterate_selected(engine, chosen, now):
        ids += [client.client_id for client in batch]
        if len(ids) > MOST:
            raise BadInput(f"these are more than {MOST:,} clients; choose fewer", "pick")
    if not ids:
        raise BadInput("choose at least one client", "pick")
    return ids


def split_batches(ids: Sequence[ClientId]) -> Iterator[Sequence[ClientId]]:
    """Split ids into what one transaction takes."""
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
