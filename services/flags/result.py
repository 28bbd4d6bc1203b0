"""Read what a flag showed: figures of each arm, each beside the control, and whether the arms can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain.arrays import Floats
from domain.comparison.outcomes import MIN_UNITS
from domain.flag_outcomes import OUTCOME, adjust, build_table, linearise, measure_clients
from domain.statistics import sequential
from domain.statistics.ratio_mismatch import SUSPICIOUS, compute_mismatch
from models.flag_results import ArmComparison, ArmFigures, FlagResult
from models.flags import FlagSlug
from services.experiments.result import read_means, read_test
from services.flags.sayings import say_result
from store.database import read_transaction
from store.experiments import flags, outcomes, visit_tallies
from store.experiments.flags import FlagRow
from store.experiments.visit_tallies import VisitTally

WITHIN: Final = timedelta(days=7)
"""What a client does so long after they were first shown an arm counts for it."""
RATIOS: Final = {"click_rate": ("clicks", "pages"), "session_minutes": ("minutes", "sessions")}


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
        return _read(connection, row, now, within, narrowest_at)


def _read(
    connection: Connection, row: FlagRow, now: datetime, within: timedelta, narrowest_at: int | None
) -> FlagResult:
    since, order = row.since or now, row.definition
    shown = outcomes.list_shown(connection, row.slug, since)
    closed = [one for one in shown if one.at + within <= now]
    measured = measure_clients(closed, outcomes.iterate_events(connection, row.slug, since, now), within)
    tables = {
        arm.name: build_table(measured[one.client_id] for one in closed if one.arm == arm.name) for arm in order.arms
    }
    tallies = {tally.arm: tally for tally in visit_tallies.load_tallies(connection, row.slug)}
    visits = outcomes.count_visits(connection, row.slug, since)
    counts = [
        sum(one.arm == arm.name for one in shown)
        + visits.get(arm.name, 0)
        + (tallies[arm.name].visits if arm.name in tallies else 0)
        for arm in order.arms
    ]
    mismatch = compute_mismatch(counts, [arm.share for arm in order.arms]) if sum(counts) else None
    waiting = Counter(one.arm for one in shown) - Counter(one.arm for one in closed)
    figures = tuple(
        _build_figures(arm.name, arm.share, tables[arm.name], tallies.get(arm.name), waiting[arm.name])
        for arm in order.arms
    )
    comparisons = tuple(_compare(order.control, [arm.name for arm in order.arms], tables, tallies, narrowest_at))
    suspicious = mismatch is not None and mismatch < SUSPICIOUS
    result = FlagResult(
        flag=row.slug,
        state=row.state,
        since=row.since,
        until=now,
        within_days=within / timedelta(days=1),
        control=order.control,
        arms=figures,
        comparisons=comparisons,
        mismatch=mismatch,
        suspicious=suspicious,
        says=(),
    )
    return result.model_copy(update={"says": say_result(result)})


def _build_figures(arm: str, share: float, table: Floats, tally: VisitTally | None, waiting: int) -> ArmFigures:
    ratios = {name: _mean(linearise(table, *parts)) for name, parts in RATIOS.items()}
    visits = tally.visits if tally else 0
    return ArmFigures(
        arm=arm,
        share=share,
        clients=len(table),
        waiting=waiting,
        visits=visits,
        conversion=_mean(table[:, OUTCOME["orders"]] > 0),
        revenue=_mean(table[:, OUTCOME["revenue"]]),
        visits_clicked=round(tally.clicked / visits, 6) if tally and visits else None,
        visit_minutes=round(tally.minutes / visits, 6) if tally and visits else None,
        **ratios,
    )


def _mean(values: Any) -> float | None:
    return None if values is None or not len(values) else round(float(values.mean()), 6)


def _compare(
    control: str,
    arms: Sequence[str],
    tables: Mapping[str, Floats],
    tallies: Mapping[str, VisitTally],
    narrowest_at: int | None,
) -> Iterator[ArmComparison]:
    other = tables[control]
    for arm in arms:
        if arm == control:
            continue
        one = tables[arm]
        if min(len(one), len(other)) >= 2:
            yield from _compare_clients(arm, one, other, narrowest_at)
        treated, untreated = tallies.get(arm), tallies.get(control)
        if treated and untreated and min(treated.visits, untreated.visits) >= 2:
            yield from _compare_visits(arm, treated, untreated, narrowest_at)


def _compare_clients(arm: str, one: Floats, other: Floats, narrowest_at: int | None) -> Iterator[ArmComparison]:
    counts = (len(one), len(other))
    column = OUTCOME["orders"]
    yes = [(int((table[:, column] > 0).sum()), len(table)) for table in (one, other)]
    yield _build(arm, "conversion", read_test(yes[0], yes[1], narrowest_at), counts)
    pairs = {name: (linearise(one, *parts), linearise(other, *parts)) for name, parts in RATIOS.items()}
    pairs["revenue"] = (one[:, OUTCOME["revenue"]], other[:, OUTCOME["revenue"]])
    for figure, (treated, untreated) in pairs.items():
        if treated is None or untreated is None:
            continue
        adjusted = adjust(treated, untreated, (one, other))
        samples = [sequential.sample_values(values) for values in adjusted[:2]]
        yield _build(arm, figure, read_means(samples[0], samples[1], narrowest_at), counts, adjusted[2])


def _compare_visits(
    arm: str, treated: VisitTally, untreated: VisitTally, narrowest_at: int | None
) -> Iterator[ArmComparison]:
    counts = (treated.visits, untreated.visits)
    clicked = read_test((treated.clicked, treated.visits), (untreated.clicked, untreated.visits), narrowest_at)
    yield _build(arm, "visits_clicked", clicked, counts)
    samples = [sequential.sample_sums(one.visits, one.minutes, one.minutes_squared) for one in (treated, untreated)]
    yield _build(arm, "visit_minutes", read_means(samples[0], samples[1], narrowest_at), counts)


def _build(
    arm: str, figure: str, read: Mapping[str, Any], counts: tuple[int, int], removed: float = 0.0
) -> ArmComparison:
    enough = min(counts) >= MIN_UNITS
    own = {"arm": arm, "figure": figure, "n": counts[0], "control_n": counts[1], "enough": enough}
    return ArmComparison.model_validate({**read, **own, "removed": round(removed, 4)})
