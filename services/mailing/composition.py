"""Compose one mail: its items and brief, whoever writes, and the whole of it with the template writer, whose copy is
approved, deterministic and grounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from agents import template_writer
from agents.languages import find_draft_faults
from algorithms.blending.contracts import Recommendation
from domain.facts import History, build_history, state_facts
from domain.grounding import seal_draft
from domain.outreach import PREPARING
from domain.review_policy import NONE
from domain.review_steps import choose_autonomy
from domain.sequences import is_of_sequence
from domain.text_rules import clean_quote, clean_title
from domain.wording import clean_name, normalise
from errors import ModelFault
from models.base import ItemId
from models.catalogue import Item, Season
from models.mail import Autonomy, Brief, BriefItem, EmailDraft, Pick
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times
from services.mailing.campaign_items import recommend_for_step
from services.mailing.send_times import ReadingHours, SendTimeAttempt, choose_send_time
from services.offers.stating import build_brief_offer
from services.recommendations.recommender import Recommender
from services.review.holds import hold_by_policy
from settings import Settings
from store.catalogue import catalogue
from store.database import read_transaction, write_transaction
from store.learning import decisions
from store.mail import briefs, ledger, mail_facts
from store.mail.ledger import LedgerRow

ITEMS_PER_MAIL: Final = 4
"""Items in a mail."""
REPEAT_AFTER: Final = timedelta(days=45)
"""Business time for which an item shown to a client is not shown to them again."""
NOTES: Final = 3
"""Notes of the client's own that a writer sees."""


class MailItems(NamedTuple):
    """The items for a mail, and the brief with them."""

    chosen: Recommendation
    brief: Brief


def choose_items(
    context: ServiceContext, recommender: Recommender, connection: Connection, row: LedgerRow, at: datetime
) -> MailItems:
    """Choose the items for this mail and build the brief that is true at `at`, when the client will read it."""
    shown = mail_facts.load_shown(connection, row.client_id, at - REPEAT_AFTER, except_mail=row.n)
    content = row.content
    if content is not None and (content.items or content.category):
        chosen = recommend_for_step(recommender, connection, row.client_id, content, ITEMS_PER_MAIL, at, shown.items)
    else:
        chosen = recommender.recommend(connection, row.client_id, ITEMS_PER_MAIL, at, exclude=shown.items)
    why = {pick.item_id: pick.why for pick in chosen.picks}
    brief = build_brief(connection, row, chosen.picks, context.settings, at, why)
    return MailItems(chosen, brief.model_copy(update={"subjects": shown.subjects}))


def build_brief(
    connection: Connection,
    row: LedgerRow,
    picks: Sequence[Pick],
    settings: Settings,
    now: datetime,
    why: Mapping[ItemId, str] | None = None,
) -> Brief:
    """Build the brief of the mail in ledger row `row`, true at `now`: facts about the client, the picked items and the
    campaign's message. `why`: reasons for picks, in words.

    Raises NotFound for a client that is not there.
    """
    record = briefs.load_record(connection, row.client_id)
    past = briefs.load_events(connection, row.client_id, now) if record.personal else []
    bought = [event for event in past if event.type in briefs.BOUGHT]
    known = catalogue.load_items(connection, [pick.item_id for pick in picks])
    picked = [known[pick.item_id] for pick in picks if pick.item_id in known]
    history = build_history(record.history, past, now, complete=len(bought) < briefs.ORDERS_READ)
    history = history.model_copy(update={"arrived": _find_new_arrival(picked, history, now)})
    if row.content is not None:  # its voice is the campaign's already, where the step has none
        voice, message = row.content.voice, row.content.message
    else:
        voice, message = briefs.load_campaign_text(connection, row.campaign) if row.campaign else ("", "")
    return Brief(
        client_id=row.client_id,
        n=row.n,
        kind=row.kind,
        phase=row.phase,
        assessment_id=row.assessment_id,
        score=row.score,
        first_name=clean_name(record.first_name),
        locale=record.history.locale,
        shop_name=settings.shop_name,
        voice=voice or settings.shop_voice,
        message=normalise(message),
        offer=build_brief_offer(connection, row.offer) if row.offer is not None else None,
        facts=state_facts(history, now),
        items=tuple(build_item(item, (why or {}).get(item.item_id, "")) for item in picked),
        season=_find_season(picked),
        personal=record.personal,
        client_words=tuple(event.note for event in bought if event.note)[:NOTES],
    )


def _find_season(picked: Sequence[Item]) -> str:
    """Find the season of the items, when all that have one have the same; else an empty string."""
    seasons = {item.season for item in picked} - {Season.ALL}
    return str(seasons.pop()) if len(seasons) == 1 else ""


def _find_new_arrival(picked: Sequence[Item], history: History, now: datetime) -> str | None:
    """Find a picked item that came into the catalogue after the client's last order."""
    since = history.last_order_at
    return next((item.title for item in picked if since and since < item.added_at <= now), None)


def build_item(item: Item, why: str) -> BriefItem:
    """Build the item with quotable words only; a title that may not be quoted gives way to its category."""
    category = clean_quote(item.category) or "piece"
    return BriefItem(
        item_id=item.item_id,
        title=clean_title(item.title) or category,
        category=category,
        brand=clean_title(item.brand),
        colour=clean_quote(item.colour),
        tags=tuple(tag for tag in map(clean_quote, (*item.tags, *item.materials, *item.occasions)) if tag),
        why=clean_quote(why),
    )


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
        """Choose when the mail leaves and what it shows."""
        answer = send_times.ask_slot(self._context, self._decider, connection, row, now)
        proposed = send_times.read_proposed_time(answer)
        send_at = choose_send_time(self._context, connection, row, proposed, now, self._hours)
        items = choose_items(self._context, self._recommender, connection, row, send_at)
        return ChosenMail(row, send_at, items, answer)

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
