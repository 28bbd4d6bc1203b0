"""What a comparison of algorithms reads: answers, when they were seen, and what clients did after. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, case, func, select

from domain.comparison.records import LiveAnswer, Reaction, ShadowAnswer
from store.sql.bulk import among
from store.tables import decisions, events, fixes, outreaches

BATCH: Final = 10_000


def load_live_answers(connection: Connection, slot: str, since: datetime, until: datetime) -> list[LiveAnswer]:
    """Load answers used after `since`, up to `until`, oldest first.

    A mail is seen when it is sent, a Fix when it is shipped, everything else at once.
    """
    d = decisions.c
    at_once = case((and_(d.n.is_(None), d.fix_id.is_(None)), d.at))
    query = (
        select(decisions, func.coalesce(outreaches.c.sent_at, fixes.c.shipped_at, at_once).label("shown_at"))
        .outerjoin(outreaches, and_(outreaches.c.client_id == d.client_id, outreaches.c.n == d.n))
        .outerjoin(fixes, fixes.c.fix_id == d.fix_id)
        .where(d.slot == slot, d.role == "live", d.at > since, d.at <= until)
        .order_by(d.at, d.id)
    )
    return [_parse_live_answer(row) for row in connection.execute(query, execution_options={"yield_per": BATCH})]


def iterate_shadow_answers(connection: Connection, slot: str, questions: Iterable[str]) -> Iterator[ShadowAnswer]:
    """Iterate over what shadows answered to these questions."""
    query = select(decisions).where(
        decisions.c.slot == slot, decisions.c.role == "shadow", among(connection, decisions.c.question, questions)
    )
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        yield ShadowAnswer(row.question, row.variant, row.seconds, row.answer, tuple(row.faults))


def iterate_outcomes(
    connection: Connection, clients: Iterable[str], since: datetime, until: datetime, *, touches: bool = False
) -> Iterator[Reaction]:
    """Iterate over what these clients bought, returned and kept in that time; with `touches`, over clicks, carts and
    wishes too."""
    e, kinds = events.c, _KINDS | (_TOUCHES if touches else {})
    query = select(e.client_id, e.type, e.occurred_at, e.item_id, e.value_cents, e.data).where(
        e.type.in_((*kinds, "fix_feedback")),
        e.occurred_at > since,
        e.occurred_at <= until,
        among(connection, e.client_id, clients),
    )
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        data = row.data or {}
        kind = kinds.get(row.type) or ("kept" if data.get("kept") else "sent_back")
        yield Reaction(
            row.client_id, kind, row.occurred_at, row.item_id, data.get("order_id") or "", row.value_cents or 0
        )


_KINDS: Final = {"order_placed": "ordered", "order_returned": "returned"}
_TOUCHES: Final = dict.fromkeys(("item_clicked", "added_to_cart", "wishlisted"), "touched")


def _parse_live_answer(row: Row[Any]) -> LiveAnswer:
    return LiveAnswer(
        id=row.id,
        client_id=row.client_id,
        question=row.question,
        variant=row.variant,
        experiment=row.experiment,
        algorithm=row.algorithm,
        propensity=row.propensity,
        seconds=row.seconds,
        answer=row.answer,
        faults=tuple(row.faults),
        shown_at=row.shown_at,
    )
