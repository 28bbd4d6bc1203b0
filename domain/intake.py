"""Rules on what comes in: which event is new, known already or refused. Each refusal names the field and how to correct
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from domain.segments.attribute_values import find_attribute_fault
from models.attributes import AttributeType
from models.events import Event, OrderPlaced, OrderReturned

TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of ours a shop's clock may be, in business time."""
ERASED: Final = "this client was erased and is refused for ever"
"""Reason of every refusal of an erased id."""
_PRICED: Final = frozenset({"order_placed", "order_returned"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the event at `index` of the batch stayed out."""

    index: int
    event_id: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What the check of a batch rests on. `clients`: those of the batch who are known; `erased`: those whose id is
    refused. `items`: those of the batch in the catalogue; None: it is empty, so a wrong item cannot be recognised.
    `owners`: whose the events are that are stored already, by event id. `attributes`: the declared ones, where an event
    of the batch carries some."""

    clients: frozenset[str]
    erased: frozenset[str]
    items: frozenset[str] | None
    owners: Mapping[str, str]
    attributes: Mapping[str, AttributeType] = field(default_factory=dict)


@dataclass(slots=True)
class EventSorting:
    """A batch, sorted. `accepted`: the index of each event to store, by event id."""

    accepted: dict[str, int] = field(default_factory=dict)
    duplicates: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def sort_events(
    batch: Sequence[Event], item_ids: Sequence[str | None], facts: EventFacts, currency: str, now: datetime
) -> EventSorting:
    """Sort a batch into new events, duplicates and refused ones.

    An event id that is there already is a duplicate, whatever else the event says: the first one stays. With another
    client it is refused.

    Args: `item_ids` holds the item of each event, None where it has none; `now` is business time.
    """
    sorting, latest = EventSorting(), now + TOLERANCE
    for index, (event, item_id) in enumerate(zip(batch, item_ids, strict=True)):
        earlier = sorting.accepted.get(event.event_id)
        owner = facts.owners.get(event.event_id) if earlier is None else batch[earlier].client_id
        if owner == event.client_id:
            sorting.duplicates.append(event.event_id)
        elif owner is not None:
            sorting.refused.append(Refusal(index, event.event_id, "event_id", "is that of another client's event"))
        elif why := find_refusal(event, item_id, facts, currency, latest):
            sorting.refused.append(Refusal(index, event.event_id, *why))
        else:
            sorting.accepted[event.event_id] = index
    return sorting


def find_refusal(
    event: Event, item_id: str | None, facts: EventFacts, currency: str, latest: datetime
) -> tuple[str, str] | None:
    """Find the field at fault and the reason; None when the event may come in."""
    if event.client_id not in facts.clients:
        if event.client_id in facts.erased:
            return "client_id", ERASED
        return "client_id", "unknown client; import or PUT the client first"
    if event.occurred_at > latest:
        return "occurred_at", "lies in the future"
    if event.type in _PRICED and (other := _find_other_currency(event, currency)):
        return "currency", f"{other} is not the shop's {currency} (SELVEDGE_SHOP_CURRENCY)"
    if event.attributes and (fault := find_attribute_fault(event.attributes, facts.attributes)):
        return fault
    if item_id is not None and facts.items is not None and item_id not in facts.items:
        return "item_id", "unknown item; import the catalogue first, with items no longer sold too"
    return None


def _find_other_currency(event: Event, currency: str) -> str | None:
    given = event.currency if isinstance(event, OrderPlaced | OrderReturned) else None
    return None if given == currency else given
