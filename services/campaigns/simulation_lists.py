"""List the simulations of a campaign, and hold the latest against what came to be."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from models.base import CampaignSlug
from models.simulation import SimulatedBesideActual, SimulationList, SimulationReport
from store.campaigns import campaigns, enrolments, mail_counts, simulations
from store.database import read_transaction

MOST: Final = 20


def list_simulations(engine: Engine, slug: CampaignSlug, now: datetime) -> SimulationList:
    """List the simulations of a campaign, the latest first. Once the campaign has started, the latest is compared with
    what came to be by the same day; when its days are over, by the last of them. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        kept = simulations.list_simulations(connection, slug, MOST)
        if not kept or row.started_at is None:
            return SimulationList(simulations=tuple(kept))
        report = kept[0].report
        day = max(1, math.ceil((now - row.started_at) / timedelta(days=1)))
        compared_day = min(day, report.days)
        until = row.started_at + timedelta(days=compared_day)
        compared = _compare(connection, slug, report, compared_day, until)
    return SimulationList(simulations=tuple(kept), day=day, compared_day=compared_day, compared=compared)


def _compare(
    connection: Connection, slug: CampaignSlug, report: SimulationReport, day: int, until: datetime
) -> tuple[SimulatedBesideActual, ...]:
    """Compare up to a day, for each thousand clients who are in it by then: drawn and real are not as many."""
    counts = mail_counts.count_mails(connection, slug, until=until)
    past = [one for one in report.per_day if one.day <= day]
    drawn, real = max(1, sum(report.states.values())), max(1, enrolments.count_entered(connection, slug, until))
    rows = (
        ("mails", sum(one.sent for one in past), counts.delivered),
        ("clicks", sum(one.clicked for one in past), counts.clicks),
        ("unsubscribes", sum(one.unsubscribed for one in past), counts.unsubscribes),
    )
    return tuple(
        SimulatedBesideActual(
            name=name, simulated=round(1_000 * simulated / drawn, 1), actual=round(1_000 * actual / real, 1)
        )
        for name, simulated, actual in rows
    )
