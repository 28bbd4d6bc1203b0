"""The world of a simulation: clients do what the response model says, people at the desk approve, days are counted."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from domain.eligibility import may_plan
from domain.journeys.places import find_step
from domain.simulation.responses import choose_item, draw, list_own_acts, react_to_mail
from models.actors import SYSTEM
from models.base import CampaignSlug, ClientId, ItemId
from models.campaign_definition import CampaignDefinition
from models.drafts import DraftDecision, DraftVerdict
from models.events import EVENT
from models.simulation import ResponseModel, SimulatedDay, SimulatedMail
from services.context import ServiceContext
from services.ingestion.intake import accept_events
from services.review.decisions import decide_draft
from services.review.rows import format_draft_id
from store import clock
from store.campaigns import responses
from store.campaigns.responses import OutboundMail
from store.campaigns.waiting import list_waiting
from store.database import read_transaction, write_transaction
from store.mail import drafts
from store.mail.facts_in_bulk import load_bulk_facts
from store.mail.policy import ShopPolicy

PERSON: Final = "simulated"
DRAFTS: Final = 1_000

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WorldRules:
    """What the world goes by. `starts_at`: midnight of the first day."""

    slug: CampaignSlug
    definition: CampaignDefinition | None
    model: ResponseModel
    own: Mapping[ClientId, Mapping[str, float]]
    seed: int
    starts_at: datetime


@dataclass(slots=True)
class SimulatedWorld:
    """The world as it goes on, tick by tick."""

    context: ServiceContext
    rules: WorldRules
    days: dict[int, SimulatedDay] = field(default_factory=dict)
    collisions: Counter[str] = field(default_factory=Counter)
    mails: list[SimulatedMail] = field(default_factory=list)
    _reached: datetime | None = None
    _begun: int = 0
    _waiting: list[tuple[datetime, str, Raw]] = field(default_factory=list)
    _outcomes: dict[tuple[ClientId, int], str] = field(default_factory=dict)
    _prices: dict[ItemId, int] = field(default_factory=dict)

    def start_clock(self, real_now: datetime) -> None:
        """Let the business time of the copy begin at midnight, when it is `real_now` for its workflows."""
        with write_transaction(self.context.engine) as connection:
            clock.start(connection, real_now, 1.0, self.rules.starts_at)

    def go_on(self, now: datetime) -> None:
        """Let happen what happens until `now`: clients act, the desk approves."""
        self._begin_days(now)
        since = self._reached or self.rules.starts_at
        with read_transaction(self.context.engine) as connection:
            sent = responses.list_sent(connection, since, now)
            called = responses.count_calls(connection, since, now)
        for mail in sent:
            self._note_mail(mail)
        self._count(self._find_day(now), calls=called)
        self._take_in(now)
        self._decide_drafts(now)
        self._reached = now

    def close_day(self, now: datetime) -> None:
        """Count who waits for a mail of the campaign at the end of a day, and for what."""
        day = self._find_day(now - timedelta(seconds=1))
        with read_transaction(self.context.engine) as connection:
            capped, collided = self._find_waiting(connection, now)
        self._count(day, capped=capped, collided=collided)

    def list_mails(self) -> list[tuple[OutboundMail, str]]:
        """List the mails that left, each with what came of it."""
        with read_transaction(self.context.engine) as connection:
            reached = self._reached or self.rules.starts_at
            sent = responses.list_sent(connection, self.rules.starts_at - timedelta(seconds=1), reached)
        return [(mail, self._outcomes.get((mail.client_id, mail.n), "sent")) for mail in sent]

    def find_day(self, at: datetime) -> int:
        """Find the day of the simulation in which a moment lies; the first is 1."""
        return self._find_day(at)

    def _find_day(self, at: datetime) -> int:
        return max(0, (at - self.rules.starts_at) // timedelta(days=1)) + 1

    def _count(self, day: int, **more: int) -> None:
        row = self.days.get(day) or SimulatedDay(day=day)
        self.days[day] = row.model_copy(update={name: getattr(row, name) + count for name, count in more.items()})

    def _begin_days(self, now: datetime) -> None:
        """Draw what clients do by themselves on the days that have begun."""
        if not self._prices:
            with read_transaction(self.context.engine) as connection:
                self._prices = responses.list_prices(connection)
        while self._begun < self._find_day(now):
            self._begun += 1
            self._count(self._begun)
            midnight = self.rules.starts_at + timedelta(days=self._begun - 1)
            for client_id, rates in self.rules.own.items():
                for act in list_own_acts(self.rules.seed, client_id, self._begun, rates):
                    share = draw(self.rules.seed, client_id, self._begun, f"{act.type} item")
                    self._plan(client_id, act.type, midnight + timedelta(hours=act.hours), share, f"own {self._begun}")

    def _plan(
        self,
        client_id: ClientId,
        type_: str,
        at: datetime,
        share: float,
        key: str,
        shown: Sequence[ItemId] = (),
        **more: Any,
    ) -> None:
        """Plan an event; `share` chooses its item, of those that a mail showed or of the catalogue."""
        digest = hashlib.sha256(f"{client_id} {key} {type_}".encode()).hexdigest()[:32]
        raw: Raw = {"event_id": f"sim-{digest}", "client_id": client_id, "type": type_, "occurred_at": at, **more}
        if type_ not in ("searched", "email_opened", "unsubscribed"):
            item_id = choose_item(shown or tuple(self._prices), share)
            if item_id is not None:
                raw["item_id"] = item_id
            elif type_ not in ("order_placed", "email_clicked"):
                return
        if type_ == "order_placed":
            raw["value"] = f"{self._prices.get(raw.get('item_id', ''), 5_000) / 100:.2f}"
        heapq.heappush(self._waiting, (at, raw["event_id"], raw))

    def _note_mail(self, mail: OutboundMail) -> None:
        """Note a mail that left, and plan what the client does about it."""
        day, rules = self._find_day(mail.sent_at), self.rules
        own = mail.campaign == rules.slug
        self._count(day, **{"sent" if own else "other_sent": 1})
        key = f"{mail.kind} {mail.campaign} {mail.step}"  # not the trigger's, which holds a moment to the second
        reaction = react_to_mail(rules.model, rules.seed, mail.client_id, day, key)
        of_mail = {"outreach": f"{mail.client_id}.{mail.n}"}
        steps: tuple[tuple[str, str, float | None, dict[str, str]], ...] = (
            ("opened", "email_opened", reaction.opened, of_mail),
            ("unsubscribed", "unsubscribed", reaction.left, of_mail),
            ("clicked", "email_clicked", reaction.clicked, of_mail),
            ("ordered", "order_placed", reaction.ordered, {}),
        )
        for outcome, type_, hours, fields in steps:
            if hours is None:
                continue
            at = mail.sent_at + timedelta(hours=hours)
            self._plan(mail.client_id, type_, at, reaction.choice, f"mail {mail.n}", mail.items, **fields)
            self._outcomes[mail.client_id, mail.n] = outcome
            if own:
                name = "caused_orders" if outcome == "ordered" else outcome
                self._count(self._find_day(at), **{name: 1})

    def _take_in(self, now: datetime) -> None:
        """Take in the events whose moment has come, as the shop's systems send them."""
        batch = []
        while self._waiting and self._waiting[0][0] <= now:
            at, _, raw = heapq.heappop(self._waiting)
            if raw["type"] == "order_placed":
                self._count(self._find_day(at), orders=1)
            batch.append(EVENT.validate_python(raw))
        if batch:
            policy = ShopPolicy.from_settings(self.context.settings)
            with write_transaction(self.context.engine) as connection:
                accept_events(connection, batch, policy, now, self.context.wall())

    def _decide_drafts(self, now: datetime) -> None:
        """Approve what waits at the desk, and count it."""
        with read_transaction(self.context.engine) as connection:
            waiting = drafts.list_drafts(connection, waiting=True, limit=DRAFTS)
        decision = DraftDecision(verdict=DraftVerdict.APPROVE, by=PERSON)
        for row in waiting:
            rules, real_now = self.context.mail_rules, self.context.wall()
            decide_draft(self.context.engine, SYSTEM, rules, format_draft_id(row), decision, now, real_now)
            self._count(self._find_day(row.since), drafts=1)

    def _find_waiting(self, connection: Connection, now: datetime) -> tuple[int, int]:
        """Count the clients who wait for a mail of the campaign now: for the caps, and for another mail."""
        waiting = list_waiting(connection, self.rules.slug, now)
        definition = self.rules.definition
        if definition is not None:
            first = definition.steps[0].id
            waiting = {
                client_id: step
                for client_id, step in waiting.items()
                if (found := find_step(definition, step or first)) is not None and found.mail is not None
            }
        facts = load_bulk_facts(connection, list(waiting), self.context.settings.keys.signing, now)
        capped = collided = 0
        for known in facts.values():
            others = known.campaigns - {self.rules.slug}
            if may_plan(known.facts, self.context.mail_rules, now).code == "cap":
                capped += 1
            elif others or known.is_busy:
                collided += 1
                self.collisions.update(others or {"lifecycle"})
        return capped, collided
