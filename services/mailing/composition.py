"""Compose one mail: its items and brief, whoever writes, and the whole of it with the template writer, whose copy is
approved, deterministic and grounded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from agents import template_writer
from agents.languages import find_draft_faults
from algorithms.blending.contracts import Recommendation
from domain.grounding import seal_draft
from domain.outreach import PREPARING
from domain.review_policy import NONE
from domain.review_steps import choose_autonomy
from domain.sequences import is_of_sequence
from errors import ModelFault
from models.base import ClientId, ItemId
from models.catalogue import Item
from models.journey_steps import MailContent
from models.mail import Autonomy, Brief, EmailDraft, Pick
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times
from services.mailing.briefs import PickedMail, build_briefs
from services.mailing.send_times import (
    ReadingHours,
    SendTimeAttempt,
    SendTimeFacts,
    choose_send_time,
    load_send_time_facts,
    require_send_time_facts,
)
from services.recommendations.recommender import ItemsRequest, Recommender
from services.review.holds import hold_by_policy
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.learning import decisions
from store.mail import briefs, ledger, mail_facts
from store.mail.ledger import LedgerRow
from store.mail.ledger_in_bulk import MailKey

ITEMS_PER_MAIL: Final = 4
"""Items in a mail."""
REPEAT_AFTER: Final = timedelta(days=45)
"""Business time for which an item shown to a client is not shown to them again."""


SEARCHED: Final = 60
"""Picks of the ranking among which those of one category are sought."""
NAMED_BY: Final = "campaign"
"""Who picked an item that a campaign names."""


class MailItems(NamedTuple):
    """The items for a mail, and the brief with them."""

    chosen: Recommendation
    brief: Brief


def choose_items(
    context: ServiceContext, recommender: Recommender, connection: Connection, rows: Sequence[LedgerRow], at: datetime
) -> dict[MailKey, MailItems]:
    """Choose the items for these mails and build the briefs that are true at `at`, when the clients will read them.

    Raises NotFound for an unknown client.
    """
    shown = mail_facts.load_shown(connection, [(row.client_id, row.n) for row in rows], at - REPEAT_AFTER)
    orders = [_ItemsOrder(row.client_id, row.content, shown[row.client_id, row.n].items) for row in rows]
    chosen = _recommend(recommender, connection, orders, ITEMS_PER_MAIL, at)
    mails = [PickedMail(row, one.picks) for row, one in zip(rows, chosen, strict=True)]
    built = build_briefs(connection, mails, context.settings, at)
    found = {}
    for row, one in zip(rows, chosen, strict=True):
        key = row.client_id, row.n
        found[key] = MailItems(one, built[key].model_copy(update={"subjects": shown[key].subjects}))
    return found


def require_items(
    context: ServiceContext, recommender: Recommender, connection: Connection, row: LedgerRow, at: datetime
) -> MailItems:
    """Choose the items for one mail and build its brief. Raises NotFound for an unknown client."""
    return choose_items(context, recommender, connection, [row], at)[row.client_id, row.n]


class _ItemsOrder(NamedTuple):
    """Whose mail needs items, what the step of its campaign says of them, and what the client was shown lately."""

    client_id: ClientId
    content: MailContent | None
    shown: tuple[ItemId, ...]


def _recommend(
    recommender: Recommender, connection: Connection, orders: Sequence[_ItemsOrder], most: int, at: datetime
) -> list[Recommendation]:
    """Recommend the items of mails that are read at `at`, at most `most` each, in the order of `orders`.

    A named item that is sold out is left out, whether or not it was shown before is no matter. Raises NotFound for an
    unknown client.
    """
    named = {item for order in orders for item in _list_named(order)}
    gone = catalogue.find_sold_out(connection, named)
    there = catalogue.load_items(connection, named) if named else {}
    requests = [
        ItemsRequest(
            order.client_id,
            SEARCHED if _find_category(order) else most,
            frozenset({*order.shown, *(item for item in _list_named(order) if item not in gone)}),
        )
        for order in orders
    ]
    chosen = list(recommender.recommend_many(connection, requests, at))
    sought = {
        pick.item_id for order, one in zip(orders, chosen, strict=True) if _find_category(order) for pick in one.picks
    }
    known = catalogue.load_items(connection, sought) if sought else {}
    found = []
    for order, one in zip(orders, chosen, strict=True):
        first = [Pick(item_id=i, score=0.0, by=NAMED_BY) for i in _list_named(order) if i in there and i not in gone]
        found.append(replace(one, picks=(*first, *_keep_category(one.picks, known, _find_category(order)))[:most]))
    return found


def _list_named(order: _ItemsOrder) -> tuple[ItemId, ...]:
    return order.content.items if order.content is not None else ()


def _find_category(order: _ItemsOrder) -> str:
    return order.content.category if order.content is not None else ""


def _keep_category(picks: tuple[Pick, ...], known: dict[ItemId, Item], category: str) -> tuple[Pick, ...]:
    if not category:
        return picks
    return tuple(pick for pick in picks if pick.item_id in known and known[pick.item_id].category == category)


def load_review_policy(context: ServiceContext, connection: Connection, row: LedgerRow) -> str:
    """Load which mails like this one a person lets out: as its step says, else its campaign, else the setting."""
    if row.content is not None and row.content.review is not None:
        return row.content.review
    if row.campaign and not is_of_sequence(row.reason_key):
        return briefs.load_review_policy(connection, row.campaign)
    return context.review_policies.get(row.kind, NONE)


def load_autonomy(context: ServiceContext, connection: Connection, row: LedgerRow) -> Autonomy:
    """Load how free a model is that writes this mail: as its step says, else its campaign, else the setting."""
    asked = row.content.autonomy if row.content is not None else None
    if asked is None and row.campaign and not is_of_sequence(row.reason_key):
        asked = briefs.load_autonomy(connection, row.campaign)
    return asked or choose_autonomy(context.settings.autonomy, row.kind)


def save_ranking_decision(connection: Connection, row: LedgerRow, items: MailItems, now: datetime) -> None:
    """Record what the ranking slot answered, so that what was shown can be replayed."""
    decisions.save_decision(connection, items.chosen.record, now, n=row.n, body=items.chosen.body)


def dump_picks(items: MailItems) -> list[dict[str, object]]:
    """Dump the picks as the ledger and the decisions hold them."""
    return [pick.model_dump(mode="json") for pick in items.chosen.picks]


class _TimedMail(NamedTuple):
    row: LedgerRow
    send_at: datetime
    answer: SendTimeAttempt


class ChosenMail(NamedTuple):
    """When a mail leaves and what it shows; `answer`: of the slot `send_time`."""

    row: LedgerRow
    send_at: datetime
    items: MailItems
    answer: SendTimeAttempt


class ComposedMail(NamedTuple):
    """A mail as the template writer wrote it."""

    chosen: ChosenMail
    draft: EmailDraft

    @property
    def brief(self) -> Brief:
        """The facts that it rests on."""
        return self.chosen.items.brief

    def build_values(self) -> dict[str, Any]:
        """Build the columns that a written mail has in the ledger."""
        return {
            "send_at": self.chosen.send_at,
            "brief": self.brief.model_dump(mode="json"),
            **seal_draft(self.draft, self.brief),
            "picks": dump_picks(self.chosen.items),
            "composed_by": "house",
            "prompt_version": template_writer.VERSION,
        }


def write_mail(chosen: ChosenMail) -> ComposedMail:
    """Write a mail from templates. Raises ModelFault."""
    return ComposedMail(chosen, write_draft(chosen.items.brief))


class MailComposer:
    """Composes mails without a model. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, recommender: Recommender, decider: Decider) -> None:
        self._context, self._recommender, self._decider = context, recommender, decider
        self._hours = ReadingHours()

    def compose(self, step: OutreachStep) -> StepDone:
        """Write and schedule the mail. A mail that is further on already stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = ledger.require_mail(connection, step.client_id, step.n)
            if row.state not in PREPARING:
                return row.build_result(clock)
            chosen = self.choose(connection, row, now)
            policy = load_review_policy(self._context, connection, row)
        written = write_mail(chosen)
        values, send_at = written.build_values(), chosen.send_at
        with write_transaction(self._context.engine) as connection:
            self.save_decisions(connection, chosen, now)
            if policy != NONE and hold_by_policy(connection, row, policy, written.draft, written.brief, now, values):
                return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)
            if ledger.move_mail(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, values=values):
                due_now = send_at <= now  # the workflow's clock stands at the step's start: a timer of milliseconds
                next_at = clock.business(step.at) if due_now else send_at
                return StepDone(state=OutreachState.SCHEDULED, clock=clock, next_at=next_at)
            return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)

    def choose(self, connection: Connection, row: LedgerRow, now: datetime) -> ChosenMail:
        """Choose when one mail leaves and what it shows. Raises NotFound for an unknown client."""
        facts = require_send_time_facts(connection, row.client_id, now)
        return self._choose(connection, [(row, facts)], now)[0]

    def choose_many(self, connection: Connection, rows: Sequence[LedgerRow], now: datetime) -> list[ChosenMail]:
        """Choose when each of these mails leaves and what it shows, reading the store for all of them at once; those of
        unknown clients are left out."""
        facts = load_send_time_facts(connection, {row.client_id for row in rows}, now)
        return self._choose(connection, [(row, facts[row.client_id]) for row in rows if row.client_id in facts], now)

    def _choose(
        self, connection: Connection, mails: Sequence[tuple[LedgerRow, SendTimeFacts]], now: datetime
    ) -> list[ChosenMail]:
        timed = [self._choose_time(connection, row, facts, now) for row, facts in mails]
        leaving: dict[datetime, list[LedgerRow]] = defaultdict(list)
        for one in timed:
            leaving[one.send_at].append(one.row)
        items: dict[MailKey, MailItems] = {}
        for at, rows in leaving.items():
            items |= choose_items(self._context, self._recommender, connection, rows, at)
        return [ChosenMail(one.row, one.send_at, items[one.row.client_id, one.row.n], one.answer) for one in timed]

    def _choose_time(self, connection: Connection, row: LedgerRow, facts: SendTimeFacts, now: datetime) -> _TimedMail:
        answer = send_times.ask_slot(self._context, self._decider, row, facts, now)
        proposed = send_times.read_proposed_time(answer)
        send_at = choose_send_time(self._context, connection, row, facts, proposed, now, self._hours)
        return _TimedMail(row, send_at, answer)

    def save_decisions(self, connection: Connection, chosen: ChosenMail, now: datetime) -> None:
        """Record what algorithms answered about the mail."""
        save_ranking_decision(connection, chosen.row, chosen.items, now)
        send_times.save_decision(self._decider, connection, chosen.row, chosen.answer, chosen.send_at, now)


def write_draft(brief: Brief) -> EmailDraft:
    """Write the draft from templates. Raises ModelFault for one that is not grounded: no such mail leaves, whoever
    wrote it."""
    draft = template_writer.compose_draft(brief)
    if brief.autonomy is Autonomy.APPROVED:  # as which it was composed, and checked there
        return draft
    wrong = find_draft_faults(draft, brief)
    if wrong:
        raise ModelFault(f"the draft breaks {wrong[0].code}")
    return draft
