"""What both ways to prepare a mail share, by the template writer or by a model: its send time and its items."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from algorithms.blending.contracts import Recommendation
from domain.timing import compute_cap_opening, fit_send_time, load_zone
from models.clients import Client
from models.mail import Brief
from services.context import ServiceContext
from services.mailing.outreach_steps import require_client
from services.mailing.reading_hours import ReadingHours
from services.recommendations.recommender import Recommender
from store.learning import decisions
from store.mail import briefs, mail_facts
from store.mail.ledger import LedgerRow

ITEMS_PER_MAIL: Final = 4
"""Items in a mail."""
REPEAT_AFTER: Final = timedelta(days=45)
"""Business time for which an item shown to a client is not shown to them again."""


class MailItems(NamedTuple):
    """The items for a mail, and the brief with them."""

    chosen: Recommendation
    brief: Brief


def choose_send_time(
    context: ServiceContext,
    connection: Connection,
    row: LedgerRow,
    proposed: datetime | None,
    now: datetime,
    hours: ReadingHours | None = None,
) -> datetime:
    """Choose when the mail leaves: not before the caps allow it, and outside the client's quiet hours. Where nobody
    proposed a moment, `hours` proposes the one at which the client reads."""
    client = require_client(connection, row.client_id)
    opens = find_earliest_time(context, connection, client, now)
    if proposed is None and hours is not None:
        proposed = hours.propose_time(connection, row, client, context.mail_rules, opens, now)
    return fit_send_time(context.mail_rules, load_zone(client.time_zone), client.policy, proposed, opens)


def find_earliest_time(context: ServiceContext, connection: Connection, client: Client, now: datetime) -> datetime:
    """Find the moment from which the caps allow the client a mail."""
    sent_at = mail_facts.list_sent_times(connection, client.client_id, now)
    return compute_cap_opening(context.mail_rules, client.policy, sent_at, now) or now


def choose_items(
    context: ServiceContext, recommender: Recommender, connection: Connection, row: LedgerRow, at: datetime
) -> MailItems:
    """Choose the items for this mail and build the brief that is true at `at`, when the client will read it."""
    shown = mail_facts.list_shown_items(connection, row.client_id, at - REPEAT_AFTER, except_mail=row.n)
    chosen = recommender.recommend(connection, row.client_id, ITEMS_PER_MAIL, at, exclude=shown)
    why = {pick.item_id: pick.why for pick in chosen.picks}
    return MailItems(chosen, briefs.build_brief(connection, row, chosen.picks, context.settings, at, why))


def save_ranking_decision(connection: Connection, row: LedgerRow, items: MailItems, now: datetime) -> None:
    """Record what the ranking slot answered, so that what was shown can be replayed."""
    decisions.save_decision(connection, items.chosen.record, now, n=row.n, body=items.chosen.body)


def dump_picks(items: MailItems) -> list[dict[str, object]]:
    """Dump the picks as the ledger and the decisions hold them."""
    return [pick.model_dump(mode="json") for pick in items.chosen.picks]
