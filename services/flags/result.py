"""Read what a flag showed: figures of each arm, each beside the control, and whether the arms can be compared."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from models.flag_results import FlagResult
from models.flags import FlagSlug
from services.experiments.readout import WITHIN, ArmsDesign, ResultWindow, read_arms
from store.database import read_transaction
from store.experiments import flags, visit_tallies
from store.experiments.assignments import ExperimentKind


def read_flag(
    engine: Engine,
    slug: FlagSlug,
    now: datetime,
    within: timedelta = WITHIN,
    narrowest_at: int | None = None,
) -> FlagResult:
    """Read what a flag showed up to business `now`. `narrowest_at`: the clients of two arms for which the test was
    planned. Raises NotFound, and BadInput for a number that cannot be."""
    with read_transaction(engine) as connection:
        row = flags.load_flag(connection, slug)
        shares = {arm.name: arm.share for arm in row.definition.arms}
        design = ArmsDesign(ExperimentKind.FLAG, slug, row.since, shares, title=slug)
        tallies = {tally.arm: tally for tally in visit_tallies.load_tallies(connection, slug)}
        read = read_arms(connection, design, ResultWindow(now, within, narrowest_at), tallies)
    return FlagResult(flag=slug, state=row.state, **read)
