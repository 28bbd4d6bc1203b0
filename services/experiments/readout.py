"""Read what a test showed, of whatever kind: figures of each arm, each beside the control, and whether the arms can be
compared. All is read from who is in which arm and who saw it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from domain.arrays import Floats
from domain.comparison.outcomes import MIN_UNITS
from domain.flag_outcomes import OUTCOME, adjust, build_table, linearise, measure_clients
from domain.statistics import sequential
from domain.statistics.ratio_mismatch import SUSPICIOUS, compute_mismatch
from models.flag_results import ArmComparison, ArmFigures
from services.experiments.result import read_means, read_test
from services.experiments.sayings import say_arms
from store.experiments import outcomes
from store.experiments.assignments import ExperimentKind
from store.experiments.outcomes import Experiment
from store.experiments.visit_tallies import VisitTally

WITHIN: Final = timedelta(days=7)
"""What a client does so long after they were first shown an arm counts for it."""
RATIOS: Final = {"click_rate": ("clicks", "pages"), "session_minutes": ("minutes", "sessions")}


class ArmsDesign(NamedTuple):
    """What is compared: the arms with their shares, the control first. `since`: from when figures count; None: nothing
    was shown yet. `title`: its name in sentences."""

    kind: ExperimentKind
    name: str
    since: datetime | None
    shares: Mapping[str, float]
    title: str

    @property
    def control(self) -> str:
        """The arm beside which the others stand."""
        return next(iter(self.shares))


class ResultWindow(NamedTuple):
    """What of each client counts: what they did `within` that time, up to `until`. `narrowest_at`: the clients of two
    arms for which the test was planned."""

    until: datetime
    within: timedelta = WITHIN
    narrowest_at: int | None = None


def read_arms(
    connection: Connection, design: ArmsDesign, window: ResultWindow, tallies: Mapping[str, VisitTally]
) -> dict[str, Any]:
    """Read the fields of an ArmsResult. `tallies`: sums over anonymous visits that are over, by arm."""
    since = design.since or window.until
    experiment = Experiment(design.kind, design.name, since)
    shown = outcomes.list_shown(connection, experiment)
    closed = [one for one in shown if one.at + window.within <= window.until]
    events = outcomes.iterate_events(connection, experiment, window.until)
    measured = measure_clients(closed, events, window.within)
    tables = {arm: build_table(measured[one.client_id] for one in closed if one.arm == arm) for arm in design.shares}
    visits = outcomes.count_visits(connection, experiment)
    # Not with an arm that has no share, such as the champion of a split that gives everything to challengers.
    shares = {arm: share for arm, share in design.shares.items() if share > 0}
    counts = [
        sum(one.arm == arm for one in shown) + visits.get(arm, 0) + (tallies[arm].visits if arm in tallies else 0)
        for arm in shares
    ]
    mismatch = compute_mismatch(counts, list(shares.values())) if sum(counts) else None
    waiting = Counter(one.arm for one in shown) - Counter(one.arm for one in closed)
    comparisons = tuple(_compare(design, tables, tallies, window.narrowest_at))
    suspicious = mismatch is not None and mismatch < SUSPICIOUS
    return {
        "since": design.since,
        "until": window.until,
        "within_days": window.within / timedelta(days=1),
        "control": design.control,
        "arms": tuple(
            _build_figures(design, arm, tables[arm], tallies.get(arm), waiting[arm]) for arm in design.shares
        ),
        "comparisons": comparisons,
        "mismatch": mismatch,
        "suspicious": suspicious,
        "says": say_arms(design.title, comparisons, started=design.since is not None, suspicious=suspicious),
    }


def _build_figures(design: ArmsDesign, arm: str, table: Floats, tally: VisitTally | None, waiting: int) -> ArmFigures:
    ratios = {name: _mean(linearise(table, *parts)) for name, parts in RATIOS.items()}
    visits = tally.visits if tally else 0
    return ArmFigures(
        arm=arm,
        share=design.shares[arm],
        clients=len(table),
        waiting=waiting,
        visits=visits,
        conversion=_mean(table[:, OUTCOME["orders"]] > 0),
        revenue=_mean(table[:, OUTCOME["revenue"]]),
        mail_clicked=None if design.kind is ExperimentKind.FLAG else _mean(table[:, OUTCOME["mail_clicks"]] > 0),
        visits_clicked=round(tally.clicked / visits, 6) if tally and visits else None,
        visit_minutes=round(tally.minutes / visits, 6) if tally and visits else None,
        **ratios,
    )


def _mean(values: Any) -> float | None:
    return None if values is None or not len(values) else round(float(values.mean()), 6)


def _compare(
    design: ArmsDesign,
    tables: Mapping[str, Floats],
    tallies: Mapping[str, VisitTally],
    narrowest_at: int | None,
) -> Iterator[ArmComparison]:
    control, *others = design.shares
    figures = {"conversion": "orders"}
    if design.kind is not ExperimentKind.FLAG:
        figures["mail_clicked"] = "mail_clicks"
    for arm in others:
        one, other = tables[arm], tables[control]
        if min(len(one), len(other)) >= 2:
            yield from _compare_clients(arm, figures, one, other, narrowest_at)
        treated, untreated = tallies.get(arm), tallies.get(control)
        if treated and untreated and min(treated.visits, untreated.visits) >= 2:
            yield from _compare_visits(arm, treated, untreated, narrowest_at)


def _compare_clients(
    arm: str, figures: Mapping[str, str], one: Floats, other: Floats, narrowest_at: int | None
) -> Iterator[ArmComparison]:
    """Compare two arms. `figures`: the shares of clients who did something, each with its column."""
    counts = (len(one), len(other))
    for figure, column in figures.items():
        yes = [(int((table[:, OUTCOME[column]] > 0).sum()), len(table)) for table in (one, other)]
        yield _build(arm, figure, read_test(yes[0], yes[1], narrowest_at), counts)
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
