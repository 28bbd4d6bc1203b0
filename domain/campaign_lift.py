"""The lift of a campaign: treated clients compared with the campaign's holdout.

A client counts once the window after their enrolment is over, and then always with the same outcome. So clients enter
the comparison one after the other, as intervals that hold at every look require; a running window would be counted
again and again with different outcomes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import isfinite, sqrt
from typing import Final

import numpy as np
from scipy.special import bdtr, bdtrc

from domain.arrays import Flags, Floats
from domain.statistics import bayes, cuped, lift, planning, sequential
from errors import BadInput
from models.base import CampaignSlug
from models.lift import ArmOutcome, CampaignLift, Difference, LiftPoint

MIN_ARM_CLIENTS: Final = 100
"""Clients needed in each arm; with fewer, the asymptotic intervals are not reliable."""
NARROWEST_AT: Final = 2_000
"""Clients at which the intervals are narrowest. It is low for the sake of small campaigns; it costs a campaign of a
hundred thousand clients 4 % of width."""
TARGET_LIFT: Final = 0.2
"""The lift for which the number of clients needed is stated."""
SAMPLE_RATIO_ALPHA: Final = 0.001
"""A smaller p-value of the arm sizes is reported as a sample ratio mismatch."""
MIN_BASE_ORDERS: Final = 5
"""Clients who ordered before, below which their share says nothing: no number of clients is named."""
MAX_POINTS: Final = 40
"""Points of the series over time."""
NOBODY_HELD_OUT: Final = "It holds nobody out, so what it brings cannot be measured."
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class EnrolmentOutcomes:
    """The outcomes of n clients of both arms in the order of enrolment; arrays of shape (n,).

    `at`: enrolment, epoch seconds. `orders` and `cents`: within the window. `before_cents`: of the 90 days before.
    `ordered_before`: whether they ordered in a stretch of the same length before.
    """

    control: Flags
    at: Floats
    orders: Floats
    cents: Floats
    before_cents: Floats
    ordered_before: Flags

    def select(self, which: Flags) -> EnrolmentOutcomes:
        """Return the clients where `which`, shape (n,), is true."""
        return EnrolmentOutcomes(
            self.control[which],
            self.at[which],
            self.orders[which],
            self.cents[which],
            self.before_cents[which],
            self.ordered_before[which],
        )


@dataclass(frozen=True, slots=True)
class HoldoutPolicy:
    """The holdout of a campaign: its share of control clients and the days for which orders count."""

    slug: CampaignSlug
    control_share: float
    window_days: int


def measure_lift(outcomes: EnrolmentOutcomes, policy: HoldoutPolicy, now: datetime) -> CampaignLift:
    """Measure what the campaign added by `now`."""
    is_closed = outcomes.at + policy.window_days * DAY_S <= now.timestamp()
    if not policy.control_share:
        return CampaignLift(
            **asdict(policy), treated=_summarise_arm(outcomes, is_closed, control=False), said=NOBODY_HELD_OUT
        )
    closed = outcomes.select(is_closed)
    treated, control = (_summarise_arm(outcomes, is_closed, side) for side in (False, True))
    enough = min(treated.clients, control.clients) >= MIN_ARM_CLIENTS
    base = CampaignLift(**asdict(policy), treated=treated, control=control, enough=enough, said="")
    base = base.model_copy(
        update={"balance_p": _compute_balance_p(int(outcomes.control.sum()), len(outcomes.at), policy)}
    )
    if base.balance_p < SAMPLE_RATIO_ALPHA:  # whatever the arms differ in may come from who is missing
        return base.model_copy(update={"said": explain_lift(base)})
    lift_result = _add_comparison(closed, base, policy) if enough else _add_needed_clients(outcomes, base)
    return lift_result.model_copy(update={"said": explain_lift(lift_result)})


def explain_lift(lift_result: CampaignLift) -> str:
    """Explain the result in one plain sentence."""
    if lift_result.balance_p < SAMPLE_RATIO_ALPHA:
        return (
            f"Not to be trusted: the arms are not of the sizes that a share of {lift_result.control_share:g} makes "
            f"(p {lift_result.balance_p:.1g}), so clients of one arm were lost or added; find out why first."
        )
    if lift_result.conversion is None:
        needs = (
            f"; to see a lift of {TARGET_LIFT:.0%} takes about {lift_result.needed:,} clients"
            if lift_result.needed
            else "; too few ordered before to say how many it takes"
        )
        if not lift_result.treated.clients and not lift_result.control.clients:
            days = f"{lift_result.window_days:,} {'day is' if lift_result.window_days == 1 else 'days are'}"
            return f"Too few to tell: nobody's {days} over yet, and each side takes {MIN_ARM_CLIENTS} clients{needs}."
        return (
            f"Too few to tell: the windows of {lift_result.treated.clients:,} clients who were to be mailed and of "
            f"{lift_result.control.clients:,} held out are over, and each takes {MIN_ARM_CLIENTS}{needs}."
        )
    c = lift_result.conversion
    sure = "beyond chance" if c.low > 0 or c.high < 0 else "not yet to be told from chance"
    lift_ = f", a lift of {c.lift:+.1%}" if c.lift is not None else ""
    return (
        f"{c.treated:.2%} of those to be mailed ordered within {lift_result.window_days} days "
        f"and {c.control:.2%} of those held out: {100 * c.value:+.2f} points{lift_}, "
        f"between {100 * c.low:+.2f} and {100 * c.high:+.2f}, {sure}."
    )


def explain_revenue(revenue: Difference) -> str:
    """Explain the difference in revenue, in cents a client, in one plain sentence."""
    value, low, high = (f"{cents / 100:+,.2f}" for cents in (revenue.value, revenue.low, revenue.high))
    sure = "beyond chance" if revenue.low > 0 or revenue.high < 0 else "not yet to be told from chance"
    return f"Revenue: {value} a client, between {low} and {high}, {sure}."


def _summarise_arm(outcomes: EnrolmentOutcomes, is_closed: Flags, control: bool) -> ArmOutcome:
    side = outcomes.control == control
    orders = outcomes.orders[side & is_closed]
    return ArmOutcome(
        clients=len(orders),
        waiting=int((side & ~is_closed).sum()),
        ordered=int((orders > 0).sum()),
        orders=int(orders.sum()),
        revenue_cents=int(outcomes.cents[side & is_closed].sum()),
    )


def _compute_balance_p(control: int, n: int, policy: HoldoutPolicy) -> float:
    """Compute the two-sided binomial p-value of the arm sizes."""
    below, above = bdtr(control, n, policy.control_share), bdtrc(control - 1, n, policy.control_share)
    return min(1.0, 2 * float(min(below, above))) if n else 1.0


def _add_comparison(closed: EnrolmentOutcomes, lift_result: CampaignLift, policy: HoldoutPolicy) -> CampaignLift:
    spend = cuped.adjust(closed.cents, closed.before_cents)
    return lift_result.model_copy(
        update={
            "conversion": _compare_conversion(lift_result.treated, lift_result.control),
            "revenue": (revenue := _compare_revenue(spend.outcome, closed.control)),
            "revenue_said": explain_revenue(revenue),
            "variance_removed": spend.removed,
            "shows": _compute_smallest_lift(lift_result),
            "series": _build_series(closed, policy),
        }
    )


def _compare_conversion(treated: ArmOutcome, control: ArmOutcome) -> Difference:
    counts = treated.ordered, treated.clients, control.ordered, control.clients
    once = lift.compare_shares(*counts)
    look = sequential.compare_arms(
        sequential.sample_share(*counts[:2]), sequential.sample_share(*counts[2:]), narrowest_at=NARROWEST_AT
    )
    return _build_difference(once.treated, once.control, look, bayes.compare_shares(*counts).p_better)


def _compare_revenue(cents: Floats, control: Flags) -> Difference:
    arms = [cents[~control], cents[control]]
    treated, n_control = (sequential.Sample(len(arm), float(arm.mean()), float(arm.var(ddof=1))) for arm in arms)
    look, error = (
        sequential.compare_arms(treated, n_control, narrowest_at=NARROWEST_AT),
        sqrt(treated.variance / treated.n + n_control.variance / n_control.n),
    )
    better = bayes.compare_means(look.difference.value, error).p_better if error else 0.5
    return _build_difference(treated.mean, n_control.mean, look, better)


def _build_difference(treated: float, control: float, look: sequential.Look, better: float) -> Difference:
    value, low, high = look.difference
    relative = value / control if control > 0 else None
    return Difference(
        treated=treated,
        control=control,
        value=value,
        low=low,
        high=high,
        p_value=look.p_value,
        lift=relative,
        p_better=better,
    )


def _build_series(closed: EnrolmentOutcomes, policy: HoldoutPolicy) -> tuple[LiftPoint, ...]:
    """Build the difference day by day, from the first day with enough clients; at most MAX_POINTS points."""
    ends = closed.at + policy.window_days * DAY_S
    n_control, ordered = np.cumsum(closed.control), np.cumsum(closed.orders > 0)
    held_ordered, n = np.cumsum((closed.orders > 0) & closed.control), np.arange(1, len(ends) + 1)
    last_of_day = np.flatnonzero(np.diff(np.floor(ends / DAY_S), append=np.inf))
    day_ends = last_of_day[np.minimum(n_control, n - n_control)[last_of_day] >= MIN_ARM_CLIENTS]
    chosen = day_ends[np.unique(np.linspace(0, len(day_ends) - 1, min(len(day_ends), MAX_POINTS)).round().astype(int))]
    points = []
    for k in chosen:
        yes, no = int(held_ordered[k]), int(ordered[k] - held_ordered[k])
        arms = sequential.sample_share(no, int(n[k] - n_control[k])), sequential.sample_share(yes, int(n_control[k]))
        around = sequential.compare_arms(*arms, narrowest_at=NARROWEST_AT).difference
        points.append(LiftPoint(at=datetime.fromtimestamp(ends[k], UTC), **around._asdict()))
    return tuple(points)


def _build_design(lift_result: CampaignLift) -> planning.ExperimentDesign:
    return planning.ExperimentDesign(control_share=lift_result.control_share, watched=True)


def _add_needed_clients(outcomes: EnrolmentOutcomes, lift_result: CampaignLift) -> CampaignLift:
    """Add how many clients are needed, going by how many of the enrolled ordered before."""
    ordered = int(outcomes.ordered_before.sum())
    base = (ordered + 0.5) / (len(outcomes.at) + 1)
    if ordered < MIN_BASE_ORDERS or base * (1 + TARGET_LIFT) >= 1:
        return lift_result
    with suppress(BadInput):  # more than there are people
        needed = planning.plan_for_shares(base, TARGET_LIFT, _build_design(lift_result)).clients
        return lift_result.model_copy(update={"needed": max(needed, int(MIN_ARM_CLIENTS / lift_result.control_share))})
    return lift_result


def _compute_smallest_lift(lift_result: CampaignLift) -> float | None:
    """Compute `CampaignLift.shows`, assuming that clients whose window still runs will order like the control."""
    arms = lift_result.treated, lift_result.control
    base = (lift_result.control.ordered + 0.5) / (lift_result.control.clients + 1)
    clients = sum(arm.clients + arm.waiting for arm in arms)
    shown = (
        planning.compute_smallest_effect(clients, base * (1 - base), base * (1 - base), _build_design(lift_result))
        / base
    )
    return shown if isfinite(shown) else None
