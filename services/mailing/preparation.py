"""What both ways to prepare a mail share, by the house writer or by a model: its moment, its items, its decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from domain.timing import cap_opens_at, dispose, zone_of
from models.clients import Client
from models.mail import Brief
from services.context import ServiceContext
from services.mailing.outreach_steps import client_of
from services.mailing.reading_hours import ReadingHours
from services.recommendations.recommender import Recommender
from store.learning import decisions
from store.mail import briefs, mail_facts
from store.mail.ledger import Ledger

SHOWN: Final = 4
"""Items in a mail."""
NOT_AGAIN: Final = timedelta(days=45)
"""Business time for which an item shown to a client is not shown to them again."""


class Picked(NamedTuple):
    """The items for a mail, and the brief with them."""

    chosen: Recommendation
    brief: Brief


def planned(
    context: ServiceContext,
    connection: Connection,
    row: Ledger,
    proposed: datetime | None,
    now: datetime,
    hours: ReadingHours | None = None,
) -> datetime:
    """When the mail is to leave: not before the caps allow it, and inside the client's day. Where nobody proposed a
    moment, `hours` does by what the client reads."""
    client = client_of(connection, row.client_id)
    opens = opens_at(context, connection, client, now)
    if proposed is None and hours is not None:
        proposed = hours.proposed(connection, row, client, context.mail_rules, opens, now)
    return dispose(context.mail_rules, zone_of(client.time_zone), client.policy, proposed, opens)


def opens_at(context: ServiceContext, connection: Connection, client: Client, now: datetime) -> datetime:
    """From when the caps allow the client a mail."""
    sent_at = mail_facts.sent_at(connection, client.client_id, now)
    return cap_opens_at(context.mail_rules, client.policy, sent_at, now) or now


def picked(
    context: ServiceContext, recommender: Recommender, connection: Connection, row: Ledger, at: datetime
) -> Picked:
    """The items for this mail, and the brief that is true at `at`, when the client will read it."""
    shown = mail_facts.shown_since(connection, row.client_id, at - NOT_AGAIN, but=row.n)
    chosen = recommender.recommend(connection, row.client_id, SHOWN, at, exclude=shown)
    why = {pick.item_id: pick.why for pick in chosen.picks}
    return Picked(chosen, briefs.build_brief(connection, row, chosen.picks, context.settings, at, why))


def keep_decision(connection: Connection, row: Ledger, made: Picked, now: datetime) -> None:
    """Record what the ranking slot answered, so that what was shown can be replayed."""
    decisions.keep(connection, made.chosen.record, now, n=row.n, body=made.chosen.body)


def picks_of(made: Picked) -> list[dict[str, object]]:
    """The picks as the ledger and the decisions keep them."""
    return [pick.model_dump(mode="json") for pick in made.chosen.picks]
