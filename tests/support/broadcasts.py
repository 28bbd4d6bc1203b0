"""A campaign sent in parts or client by client, without a Temporal server; real SMTP."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from activities.mail.compose import CompositionSteps
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.broadcasts import BroadcastDone, BroadcastStep
from models.campaign import CampaignSpec
from models.lifecycle import AssessRequest
from models.outreach import OutreachStep
from models.states import HoldSource, OutreachState
from services.assessment.assessor import Assessor
from services.broadcasts.broadcaster import Broadcaster
from services.campaigns import rounds
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.recommendations.recommender import Recommender
from store.campaigns import campaigns
from store.database import read_transaction, write_transaction
from store.sql.bulk import insert_ignoring
from store.tables import clients, enrolments, holds, outbox, outreaches, standings, suppressions, withdrawals
from tests.support.sending import Post
from tests.support.shop import Shop

ZONES: Final = ("UTC", "Europe/Madrid", "America/Sao_Paulo", "Africa/Nairobi", "Asia/Tokyo", "America/Los_Angeles")


@dataclass
class Stage:
    """A shop whose clocks stand still at `now`."""

    shop: Shop
    now: datetime
    broadcast_from: int = 1

    def __post_init__(self) -> None:
        shop, now = self.shop, self.now
        self.context = ServiceContext(
            settings=shop.settings, engine=shop.engine, wall=lambda: now, broadcast_from=self.broadcast_from
        )
        shop.context = self.context
        self.assessor, self.decider = Assessor(self.context), Decider()
        self.recommender = Recommender(shop.engine, shop.settings, self.decider)

    def begin_campaign(self, slug: str = "all", **fields: Any) -> rounds.Moved:
        """Create a campaign, and let its audience in."""
        values = {"slug": slug, "name": slug, "control_share": 0, "throughput_per_minute": 100_000, **fields}
        with write_transaction(self.shop.engine) as connection:
            campaigns.create_campaign(connection, CampaignSpec.model_validate(values), self.now)
        return self.run_round(slug)

    def run_round(self, slug: str = "all") -> rounds.Moved:
        """One round of the campaign, as its workflow asks for it."""
        with write_transaction(self.shop.engine) as connection:
            row = campaigns.load_campaign(connection, slug)
            return rounds.drain_and_enrol(self.context, connection, row, self.now, self.now)

    async def send_parts(self, slug: str = "all", lanes: int = 2) -> list[BroadcastDone]:
        """Send parts, `lanes` of them at once, until nobody waits for one."""
        post, parts = EnvelopeBuilder.from_settings(self.shop.settings), list[BroadcastDone]()
        async with Transport.from_settings(self.shop.settings) as transport:
            broadcaster = Broadcaster(self.context, self.recommender, self.decider, post, transport)

            async def send() -> None:
                step = BroadcastStep(slug=slug, at=self.now)
                while (part := await broadcaster.send_part(step)).taken:
                    parts.append(part)

            await asyncio.gather(*(send() for _ in range(lanes)))
        return parts

    async def send_singly(self, client_id: str) -> None:
        """Do what the client's own workflow and the mail's do now."""
        assessment = self.assessor.assess(AssessRequest(client_id=client_id, at=self.now))
        if assessment.start is None:
            return
        step = OutreachStep(client_id=client_id, n=assessment.start.n, at=self.now)
        done = CompositionSteps(self.context, self.recommender, self.decider).compose(step)
        if done.state is OutreachState.SCHEDULED and (done.next_at is None or done.next_at <= self.now):
            await Post(self.shop).send(step)
        self.assessor.assess(AssessRequest(client_id=client_id, at=self.now))

    def list_nudged(self) -> list[str]:
        """List the clients whose workflows are asked to look, and forget it."""
        with write_transaction(self.shop.engine) as connection:
            nudged = list(connection.scalars(select(outbox.c.target).where(outbox.c.kind == "client")))
            connection.execute(delete(outbox))
        return sorted(nudged)

    def read_verdicts(self, slug: str = "all") -> dict[str, tuple[Any, ...]]:
        """Read of each client of a campaign what became of it, and what is planned."""
        e, o, s = enrolments.c, outreaches.c, standings.c
        query = select(
            *(e.client_id, e.state, e.code, o.state.label("mail"), o.code.label("why"), o.send_at),
            *(s.phase, s.wake_at, s.next_touch_at, s.why_not),
        ).select_from(
            enrolments.outerjoin(outreaches, (o.client_id == e.client_id) & (o.n == e.n)).outerjoin(
                standings, s.client_id == e.client_id
            )
        )
        with read_transaction(self.shop.engine) as connection:
            return {row.client_id: tuple(row[1:]) for row in connection.execute(query.where(e.campaign == slug))}


def draw_clients(shop: Shop, count: int, seed: int, now: datetime) -> list[str]:
    """Make clients of all kinds: zones, wishes, holds, withdrawals, suppressions, mail of late, shared mailboxes. The
    same seed makes the same ones."""
    chance = random.Random(seed)
    names = [f"c{k:03}" for k in range(count)]
    for name in names:
        _draw_client(shop, name, chance, now)
    with write_transaction(shop.engine) as connection:
        boxes = dict(connection.execute(select(clients.c.client_id, clients.c.mailbox)).all())
        for name in names:
            _draw_barriers(connection, name, boxes[name], chance, now)
        connection.execute(delete(outbox))
    return names


def _draw_client(shop: Shop, name: str, chance: random.Random, now: datetime) -> None:
    email = "both@example.com" if chance.random() < 0.05 else f"{name}@example.com"
    signed_up = now - timedelta(days=chance.choice((1, 40, 60, 400)))
    shop.client(
        name, now=signed_up, email=email, time_zone=chance.choice(ZONES), consent=chance.random() < 0.95, tags=("all",)
    )
    if chance.random() < 0.3:
        shop.event(name, "order_placed", now - timedelta(days=chance.choice((3, 90, 300))), now=now, value="40.00")


def _draw_barriers(connection: Any, name: str, mailbox: str, chance: random.Random, now: datetime) -> None:
    policy = chance.choice(
        (
            *({"topics": ["campaign"]},) * 12,
            {"topics": ["news"]},
            {"max_mails_per_week": 0},
            {"max_mails_per_week": 1},
            {"preferred_hour": 18},
            {"not_before": (now + timedelta(days=2)).isoformat()},
            {},
        )
    )
    connection.execute(update(clients).where(clients.c.client_id == name).values(policy=policy))
    barrier = chance.choice(("none",) * 16 + ("hold", "snooze", "suppressed", "withdrawn", "sent", "busy", "erasure"))
    if barrier in ("hold", "snooze", "erasure"):
        source = HoldSource.ERASURE if barrier == "erasure" else HoldSource.CLIENT
        until = now + timedelta(days=3) if barrier == "snooze" else None
        connection.execute(insert(holds).values(client_id=name, source=source, since=now, until=until))
    elif barrier == "suppressed":
        insert_ignoring(connection, suppressions, [{"address_hash": mailbox, "reason": "hard_bounce", "at": now}])
    elif barrier == "withdrawn":
        insert_ignoring(connection, withdrawals, [{"mailbox": mailbox, "at": now}])
    elif barrier in ("sent", "busy"):
        at = now - timedelta(days=chance.choice((1, 5, 20)))
        mail = {"client_id": name, "n": 1, "reason_key": "welcome:0", "kind": "welcome", "assessment_id": "a0"}
        mail |= {"score": 9.0, "phase": "active", "created_at": at, "updated_at": at, "mailbox": mailbox}
        if barrier == "sent":
            mail |= {"state": OutreachState.SENT, "sent_at": at}
        else:
            mail |= {"state": OutreachState.SCHEDULED, "send_at": now + timedelta(hours=5)}
        connection.execute(insert(outreaches).values(mail))
