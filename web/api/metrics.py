"""`GET /v1/metrics`: the key figures of the shop, as JSON. Prometheus reads `/metrics`, which is something else."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query

from domain.permissions import Disclosure
from models.figures import KpiReport
from web.api.routing import create_router
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("metrics")


@router.get("/metrics", dependencies=[needs(Disclosure.SHOP)])
def get_metrics(
    context: Here, days: Annotated[int, Query(ge=1, le=365, description="How many days, today included.")] = 28
) -> KpiReport:
    """Return the key figures over some days, each with its definition, the value before, and a value for each day."""
    return context.load_figures(days)
