"""Who got which offer by mail: counted in the transaction in which the handover begins, and given back where it did not
come to anything. A row a client and offer, so that no repetition counts twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from domain.outreach import COUNTED
from models.base import ClientId
from models.offers import OfferSlug
from models.states import OutreachState
from store.offers.offers import OfferRow
from store.sql.bulk import among, give, leave_index, match_given
from store.tables import offer_grants, offers, outreaches

_g = offer_grants.c
_o = offers.c


def lock_offer(connection: Connection, slug: OfferSlug) -> OfferRow | None:
    """Load an offer and lock its row until the transaction ends, so that its budget is counted by one at a time."""
    query = select(*OfferRow.list_columns(offers)).where(_o.slug == slug).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else OfferRow.from_row(row)


def has_grant(connection: Connection, slug: OfferSlug, client_id: ClientId) -> bool:
    """Return whether a mail with the offer went to the client."""
    query = select(_g.n).where(_g.offer == slug, _g.client_id == client_id)
    return connection.execute(query).first() is not None


def find_holders(connection: Connection, slug: OfferSlug, client_ids: Collection[ClientId]) -> set[ClientId]:
    """Find which of these clients got the offer by mail."""
    query = select(_g.client_id).where(_g.offer == slug, among(connection, _g.client_id, client_ids))
    return set(connection.scalars(query))


def list_granted(connection: Connection, client_id: ClientId) -> frozenset[OfferSlug]:
    """List the offers that went to a client by mail."""
    return frozenset(connection.scalars(select(_g.offer).where(_g.client_id == client_id)))


def count_grant(connection: Connection, slug: OfferSlug, client_id: ClientId, n: int) -> None:
    """Count the client among those who got the offer, once. The offer's row is locked by the caller."""
    if has_grant(connection, slug, client_id):
        return
    connection.execute(insert(offer_grants), {"offer": slug, "client_id": client_id, "n": n})
    connection.execute(update(offers).where(_o.slug == slug).values(given=_o.given + 1))


def return_grant(connection: Connection, slug: OfferSlug, client_id: ClientId, n: int) -> None:
    """Take back what the mail `n` counted, since it did not arrive; another mail with the offer that did keeps it."""
    arrived = connection.scalar(
        select(func.min(outreaches.c.n)).where(
            outreaches.c.client_id == client_id,
            outreaches.c.offer == slug,
            outreaches.c.n != n,
            outreaches.c.state.in_(sorted(COUNTED)),
        )
    )
    of_mail = (_g.offer == slug, _g.client_id == client_id, _g.n == n)
    if arrived is not None:
        connection.execute(update(offer_grants).where(*of_mail).values(n=arrived))
    elif connection.execute(delete(offer_grants).where(*of_mail)).rowcount:
        connection.execute(update(offers).where(_o.slug == slug).values(given=_o.given - 1))


def list_bounced(
    connection: Connection, mails: Sequence[tuple[ClientId, int]]
) -> list[tuple[OfferSlug, ClientId, int]]:
    """List those of these mails that state an offer and bounced, each with it, in one order for all writers."""
    given = give(connection, {client_id for client_id, _ in mails})
    rows, wanted = connection.execute(_select_bounced(connection.dialect.name), given), set(mails)
    return sorted((row.offer, row.client_id, row.n) for row in rows if row[1:] in wanted)


@cache  # building it takes longer than running it
def _select_bounced(dialect: str) -> Select[Any]:
    o = outreaches.c
    stated = (match_given(dialect, o.client_id), o.offer.is_not(None), leave_index(o.state) == OutreachState.BOUNCED)
    return select(o.offer, o.client_id, o.n).where(*stated)
