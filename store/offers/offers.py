"""Offers: their terms and states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from domain.offers import fold_code
from domain.states import OFFER
from errors import NotFound
from models.offers import OfferOrder, OfferSlug, OfferState, OfferTerms
from store.sql.records import Record
from store.tables import offers


@dataclass(frozen=True, slots=True)
class OfferRow(Record):
    """One offer."""

    slug: OfferSlug
    name: str
    terms: OfferTerms
    state: OfferState
    ends_at: datetime | None
    given: int
    """Clients who got it by mail."""
    created_by: str
    decided_by: str
    created_at: datetime
    updated_at: datetime


_o: Final = offers.c
_OFFER: Final = select(*OfferRow.list_columns(offers))


def list_offers(connection: Connection) -> list[OfferRow]:
    """List all offers, the newest first."""
    rows = connection.execute(_OFFER.order_by(_o.created_at.desc(), _o.slug))
    return [OfferRow.from_row(row) for row in rows]


def list_live(connection: Connection) -> list[OfferRow]:
    """List the approved offers, the newest first; some may be over."""
    live = _OFFER.where(_o.state == OfferState.LIVE).order_by(_o.created_at.desc(), _o.slug)
    return [OfferRow.from_row(row) for row in connection.execute(live)]


def find_offer(connection: Connection, slug: OfferSlug) -> OfferRow | None:
    """Find an offer, if there is one."""
    row = connection.execute(_OFFER.where(_o.slug == slug)).one_or_none()
    return None if row is None else OfferRow.from_row(row)


def load_offer(connection: Connection, slug: OfferSlug) -> OfferRow:
    """Load an offer. Raises NotFound."""
    if (row := find_offer(connection, slug)) is None:
        raise NotFound(f"no offer {slug}", "offer")
    return row


def find_code(connection: Connection, code: str) -> OfferSlug | None:
    """Find which offer has a code, in any case."""
    return connection.scalar(select(_o.slug).where(_o.code == fold_code(code)))


def insert_offer(
    connection: Connection, slug: OfferSlug, order: OfferOrder, ends_at: datetime | None, by: str, now: datetime
) -> None:
    """Add an offer as a draft."""
    row = _build_values(order, ends_at) | {
        "slug": slug,
        "state": OfferState.DRAFT,
        "created_by": by,
        "decided_by": "",
        "given": 0,
    }
    connection.execute(insert(offers), row | {"created_at": now, "updated_at": now})


def change_draft(
    connection: Connection, slug: OfferSlug, order: OfferOrder, ends_at: datetime | None, now: datetime
) -> None:
    """Change an offer that is a draft."""
    statement = update(offers).where(_o.slug == slug, _o.state == OfferState.DRAFT)
    connection.execute(statement.values(updated_at=now, **_build_values(order, ends_at)))


def move_offer(connection: Connection, slug: OfferSlug, to: OfferState, now: datetime, **values: Any) -> bool:
    """Move an offer to `to` if its state allows that, and return whether it moved."""
    statement = update(offers).where(_o.slug == slug, _o.state.in_(OFFER.list_sources(to)))
    return connection.execute(statement.values(state=to, updated_at=now, **values)).rowcount == 1


def set_given(connection: Connection, slug: OfferSlug, given: int) -> None:
    """Set how many clients count as having got an offer: in a copy of the shop alone."""
    connection.execute(update(offers).where(_o.slug == slug).values(given=given))


def _build_values(order: OfferOrder, ends_at: datetime | None) -> dict[str, Any]:
    terms = order.build_terms()
    text = terms.model_dump(mode="json")
    return {"name": order.name, "code": fold_code(terms.code), "terms": text, "ends_at": ends_at}
