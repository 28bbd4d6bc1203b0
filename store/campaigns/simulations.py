"""The simulations of campaigns that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from models.base import CampaignSlug
from models.simulation import SimulationReport, StoredSimulation
from store.tables import simulations


def save_simulation(
    connection: Connection, id_: str, slug: CampaignSlug, by: str, report: Mapping[str, Any], now: datetime
) -> None:
    """Save the report of a simulation."""
    row = {"id": id_, "slug": slug, "by": by, "at": now, "report": dict(report)}
    connection.execute(insert(simulations), row)


def list_simulations(connection: Connection, slug: CampaignSlug, limit: int) -> list[StoredSimulation]:
    """List the simulations of a campaign, the latest first."""
    s = simulations.c
    rows = connection.execute(select(simulations).where(s.slug == slug).order_by(s.at.desc(), s.id).limit(limit))
    return [
        StoredSimulation(
            id=row.id, slug=row.slug, at=row.at, by=row.by, report=SimulationReport.model_validate(row.report)
        )
        for row in rows
    ]
