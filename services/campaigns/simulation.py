"""Simulate a campaign before its launch: a copy of the shop in a folder of its own, a world that responds, a report.

The workflows run elsewhere (`hosting/simulation.py`); here is what comes before and after them. The copy is deleted.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pydantic import SecretStr
from sqlalchemy import Connection

from domain import permissions
from domain.permissions import Action
from domain.simulation.responses import draw, find_count_bounds
from errors import BadInput
from mail.mailbox import Mailbox
from mail.sink import get_mailbox_path
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug, ClientId
from models.simulation import (
    Estimate95,
    ResponseModel,
    SimulatedMail,
    SimulatedSample,
    SimulationOrder,
    SimulationReport,
    dump_stored,
)
from services.campaigns.definitions import publish_version
from services.campaigns.lift import measure_lift
from services.campaigns.preview_counts import PreviewedCampaign, load_previewed
from services.campaigns.simulated_offers import explain_offers, prepare_offers
from services.campaigns.simulation_model import estimate_responses
from services.campaigns.simulation_world import SimulatedWorld, WorldRules
from services.context import ServiceContext
from settings import Settings
from store import clock, copies
from store.activity import write_activity
from store.campaigns import campaigns, people, responses, simulations, versions
from store.campaigns.responses import OutboundMail
from store.database import connect, read_transaction, write_transaction
from store.events import outbox
from store.tables import metadata

FAST: Final = 100_000
"""Clients enrolled in a minute: all of them at once, since those who were drawn are few."""
SAMPLES: Final = 3
_LINK: Final = re.compile(r"https?://\S+")
"""Links of the copy are links of the shop: an opt-out among them would hold."""
LOOK_EVERY: Final = timedelta(hours=6)
"""What clients do comes that often, so that nobody joins an audience in between."""
COST_FROM: Final = timedelta(days=90)


@dataclass(frozen=True)
class PreparedSimulation:
    """A copy that is ready to run. `source`: the shop itself, to which only the report is written."""

    source: ServiceContext
    context: ServiceContext
    order: SimulationOrder
    previewed: PreviewedCampaign
    client_ids: Sequence[ClientId]
    audience: int
    model: ResponseModel
    world: SimulatedWorld
    starts_at: datetime

    @property
    def slug(self) -> CampaignSlug:
        """The campaign."""
        return self.previewed.spec.slug

    @property
    def ends_at(self) -> datetime:
        """When the last day is over."""
        return self.starts_at + timedelta(days=self.order.days)


def prepare_simulation(
    source: ServiceContext, actor: Actor, slug: CampaignSlug, order: SimulationOrder, folder: Path, port: int
) -> PreparedSimulation:
    """Copy the shop with some clients of the campaign's audience into `folder`, where the campaign starts at the next
    midnight, UTC. `port`: where the copy's mailbox takes mail.

    Raises: NotAllowed; NotFound for an unknown campaign or version; BadInput when its audience is empty.
    """
    permissions.require(actor, Action.SIMULATE_CAMPAIGN)
    settings = _build_settings(source.settings, folder, port)
    database, engagement = connect(settings.database), source.engagement
    # Each mail by its client's own workflow, whose days are what is simulated.
    never = sys.maxsize
    context = ServiceContext(settings, database, engagement=engagement, look_again=LOOK_EVERY, broadcast_from=never)
    metadata.create_all(context.engine)
    with read_transaction(source.engine) as connection:
        now = clock.load_business_time(connection, source.wall())
        starts_at = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        previewed = load_previewed(connection, slug, order.version)
        drawn, audience = copies.draw_clients(connection, previewed.spec, order.clients, order.seed, now)
        if not drawn:
            raise BadInput("nobody is in its audience now", "audience")
        with write_transaction(context.engine) as copy:
            copies.copy_shop(connection, copy, drawn)
        model, own = estimate_responses(connection, drawn, now)
    with write_transaction(context.engine) as copy:
        prepare_offers(copy, previewed.campaign, len(drawn), audience, starts_at)
        _start(copy, previewed, starts_at)
        outbox.push_nudges(copy, "client", drawn, source.wall())
        outbox.push_nudges(copy, "campaign", copies.list_running(copy), source.wall())
    rules = WorldRules(slug, previewed.definition, model, own, order.seed, starts_at)
    world = SimulatedWorld(context, rules)
    return PreparedSimulation(source, context, order, previewed, drawn, audience, model, world, starts_at)


def _build_settings(settings: Settings, folder: Path, port: int) -> Settings:
    """Build the settings of the copy: nothing leaves the machine, and no model costs money."""
    artefacts = settings.home / "artefacts"
    if artefacts.is_dir():
        (folder / "artefacts").symlink_to(artefacts.absolute(), target_is_directory=True)
    changed = {
        "home": folder,
        "database_url": "",
        "smtp_url": "",
        "mailbox_port": port,
        "llm_api_key": None,
        "signing_key": SecretStr(settings.keys.signing),
        "payload_keys_file": settings.payload_keys,
        "open_pixel": False,
        "hidden_link": False,
        "mails_per_second": 10_000.0,
    }
    return settings.model_copy(update=changed)


def _start(connection: Connection, previewed: PreviewedCampaign, now: datetime) -> None:
    """Start the campaign in the copy as if it had never run, at `now`."""
    slug = previewed.spec.slug
    copies.forget_campaign(connection, slug, previewed.version, now)
    if previewed.version is not None:
        row = versions.load_version(connection, slug, previewed.version)
        publish_version(connection, campaigns.load_campaign(connection, slug), row, "stay", {}, now)
        begun: dict[str, Any] = {}
    else:
        begun = {"state": "running", "started_at": now, "looked_at": now, "guarded_from": now}
    spec = previewed.spec.model_copy(update={"throughput_per_minute": FAST})
    campaigns.update_campaign(connection, slug, now, spec=spec.model_dump(mode="json"), **begun)


def build_report(prepared: PreparedSimulation, seconds: float) -> SimulationReport:
    """Build the report of a simulation whose days are over."""
    world, slug, order = prepared.world, prepared.slug, prepared.order
    mails = world.list_mails()
    own = [(mail, outcome) for mail, outcome in mails if mail.campaign == slug]
    with read_transaction(prepared.context.engine) as connection:
        states = people.count_states(connection, slug)
    with read_transaction(prepared.source.engine) as connection:
        cost = responses.compute_cost_per_mail(connection, prepared.starts_at - COST_FROM)
    days = tuple(world.days[day] for day in sorted(world.days) if day <= order.days)
    caused = sum(day.caused_orders for day in days)
    thousand = 1_000 / len(prepared.client_ids)
    low, high = find_count_bounds(caused)
    ledger = tuple(_describe(world, mail, outcome) for mail, outcome in mails)
    pays = prepared.source.settings.composer == "model"
    return SimulationReport(
        slug=slug,
        version=prepared.previewed.version,
        seed=order.seed,
        starts_on=prepared.starts_at.date(),
        days=order.days,
        clients=len(prepared.client_ids),
        audience=prepared.audience,
        states=states,
        sent=len(own),
        other_sent=len(mails) - len(own),
        mailed_clients=len({mail.client_id for mail, _ in own}),
        by_text=Counter(" ".join(filter(None, (mail.step, mail.variant))) or slug for mail, _ in own),
        collisions=dict(world.collisions.most_common()),
        per_day=days,
        most_drafts_a_day=max((day.drafts for day in days), default=0),
        caused_orders=Estimate95(value=caused * thousand, low=low * thousand, high=high * thousand),
        lift=measure_lift(prepared.context.engine, slug, 0.0, prepared.ends_at),
        model_cost=cost * len(own) if pays and cost is not None else None,
        model=prepared.model,
        assumptions=_list_assumptions(prepared, pays=pays, cost=cost),
        fingerprint=compute_fingerprint(ledger),
        workflows=len(prepared.client_ids) + len(mails) + 1,
        seconds=round(seconds, 1),
        samples=tuple(_draw_samples(prepared, [mail for mail, _ in own])),
        ledger=ledger,
    )


def _describe(world: SimulatedWorld, mail: OutboundMail, outcome: str) -> SimulatedMail:
    return SimulatedMail(
        client_id=mail.client_id,
        campaign=mail.campaign,
        kind=mail.kind,
        step=mail.step,
        variant=mail.variant,
        day=world.find_day(mail.sent_at),
        outcome=outcome,
    )


def compute_fingerprint(ledger: Sequence[SimulatedMail]) -> str:
    """Compute a digest of all ledgers: equal for equal ones."""
    lines = sorted(mail.model_dump_json() for mail in ledger)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _draw_samples(prepared: PreparedSimulation, own: Sequence[OutboundMail]) -> list[SimulatedSample]:
    """Draw some of the campaign's mails as they arrived in the copy's mailbox."""
    seed = prepared.order.seed
    chosen = sorted(own, key=lambda mail: draw(seed, mail.client_id, mail.n, "sample"))[:SAMPLES]
    with read_transaction(prepared.context.engine) as connection:
        ids = responses.find_message_ids(connection, [(mail.client_id, mail.n) for mail in chosen])
    wanted = {ids[mail.client_id, mail.n]: mail for mail in chosen if (mail.client_id, mail.n) in ids}
    found = []
    for arrived in Mailbox(get_mailbox_path(prepared.context.settings)).iterate_since():
        mail = wanted.get(arrived.message_id)
        if mail is not None:
            sample = SimulatedSample(
                client_id=mail.client_id,
                day=prepared.world.find_day(mail.sent_at),
                step=mail.step,
                variant=mail.variant,
                subject=arrived.subject,
                text=_LINK.sub("(link)", arrived.text),
            )
            found.append(sample)
    return found


def _list_assumptions(prepared: PreparedSimulation, *, pays: bool, cost: float | None) -> tuple[str, ...]:
    """List what the figures rest on, in plain sentences."""
    spec = prepared.previewed.spec
    minutes = max(1, round(prepared.audience / spec.throughput_per_minute))
    told = [f"{rate.name}: {rate.said}" for rate in prepared.model.rates]
    told += [
        f"clients do by themselves what they did in the last {prepared.model.own_days} days, drawn towards the mean",
        "a campaign looks four times a day for who joined its audience",
        "what clients do reaches the shop four times a day; returns, Fixes, quizzes and complaints are not simulated",
        "people at the desk approve every draft within six hours; calls are opened and not made",
        f"all enter in the first minute; in truth {prepared.audience:,} clients take about {minutes:,} minutes",
        "the built-in algorithms and your trained models decide; algorithms of your own are not asked",
    ]
    told += explain_offers(prepared.previewed.campaign)
    if pays:
        known = "unknown: no mail of a model was paid yet" if cost is None else f"{cost:.4f} a mail, as of late"
        told.append(f"the template writer stands for the model; a model's cost is {known}")
    return tuple(told)


def save_report(source: ServiceContext, actor: Actor, report: SimulationReport) -> str:
    """Keep a report beside the campaign, without anything of a single client, and put it on record; return its id.

    Raises NotAllowed.
    """
    permissions.require(actor, Action.SIMULATE_CAMPAIGN)
    simulation_id, real_now = uuid4().hex, source.wall()
    with write_transaction(source.engine) as connection:
        now = clock.load_business_time(connection, real_now)
        simulations.save_simulation(connection, simulation_id, report.slug, actor.who, dump_stored(report), now)
        subject = Subject(kind=SubjectKind.CAMPAIGN, id=report.slug)
        data = {"days": report.days, "clients": report.clients, "seed": report.seed, "version": report.version}
        write_activity(connection, actor, Action.SIMULATE_CAMPAIGN, subject, now, real_now, data)
    return simulation_id
