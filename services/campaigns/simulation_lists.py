"""List the simulations of a campaign, and hold the latest against what came to be."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from models.base import CampaignSlug
from models.campaign import CampaignProgress
from models.simulation import SimulatedBesideActual, SimulationList, SimulationReport
from store.campaigns import campaigns, mail_counts, simulations
from store.campaigns.campaigns import CampaignRow
from store.database import read_transaction

MOST: Final = 20


def list_simulations(engine: Engine, slug: CampaignSlug, now: datetime) -> SimulationList:
    """List the simulations of a campaign, the latest first. It is compared while its days last: what came to be is
    counted until now, and longer than it was simulated it stands beside nothing. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        kept = simulations.list_simulations(connection, slug, MOST)
        if not kept or row.started_at is None:
            return SimulationList(simulations=tuple(kept))
        report = kept[0].report
        day = max(1, math.ceil((now - row.started_at) / timedelta(days=1)))
        compared = _compare(connection, row, report, day) if day <= report.days else ()
    return SimulationList(simulations=tuple(kept), day=day, compared=compared)


def _compare(
    connection: Connection, row: CampaignRow, report: SimulationReport, day: int
) -> tuple[SimulatedBesideActual, ...]:
    """Compare up to a day, for each thousand clients who are in the campaign: drawn and real are not as many."""
    progress, counts = campaigns.count_progress(connection, row.slug), mail_counts.count_mails(connection, row.slug)
    past = [one for one in report.per_day if one.day <= day]
    drawn, real = max(1, sum(report.states.values())), max(1, progress.enrolled)
    rows = (
        ("mails", sum(one.sent for one in past), _count_left(progress)),
        ("clicks", sum(one.clicked for one in past), counts.clicks),
        ("unsubscribes", sum(one.unsubscribed for one in past), counts.unsubscribes),
    )
    return tuple(
        SimulatedBesideActual(
            name=name, simulated=round(1_000 * simulated / drawn, 1), actual=round(1_000 * actual / real, 1)
        )
        for name, simulated, actual in rows
    )


def _count_left(progress: CampaignProgress) -> int:
    return progress.sent + progress.bounced + progress.complained
