"""What mailing brought: clients of a campaign against those that it held out.

A client counts once the window after enrolment is over, and then for ever with the same outcome. So clients come into
the comparison one after the other, as the intervals that hold at every look ask for; a running window would be
counted over and over, differently.
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

FEWEST: Final = 100
"""Clients an arm; with fewer, the intervals that hold at every look are not to be trusted."""
NARROWEST_AT: Final = 2_000
"""Clients at which the intervals are narrowest: few, since a small campaign has no room to give away, while one of a
hundred thousand has its interval 4 % wider for it."""
WORTH_SEEING: Final = 0.2
"""The lift for which the clients needed are told."""
UNEVEN: Final = 0.001
"""Arms that so seldom come of the lot are taken for broken (sample ratio mismatch)."""
POINTS: Final = 40
NOBODY_HELD_OUT: Final = "It holds nobody out, so what it brings cannot be measured."
DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Enrolled:
    """n clients of both arms in the order of enrolment; arrays of shape (n,).

    `at`: enrolment, epoch seconds. `orders` and `cents`: within the window. `before_cents`: of the 90 days before.
    `ordered_before`: whether they ordered in as many days before as the window has.
    """

    control: Flags
    at: Floats
    orders: Floats
    cents: Floats
    before_cents: Floats
    ordered_before: Flags

    def some(self, which: Flags) -> Enrolled:
        """Those of `which`, shape (n,)."""
        return Enrolled(
            self.control[which],
            self.at[which],
            self.orders[which],
            self.cents[which],
            self.before_cents[which],
            self.ordered_before[which],
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """How a campaign compares."""

    slug: CampaignSlug
    control_share: float
    window_days: int


def measured(everyone: Enrolled, terms: Terms, now: datetime) -> CampaignLift:
    """What the campaign brought by `now`."""
    over = everyone.at + terms.window_days * DAY_S <= now.timestamp()
    if not terms.control_share:
        return CampaignLift(**asdict(terms), treated=_arm(everyone, over, control=False), said=NOBODY_HELD_OUT)
    done = everyone.some(over)
    treated, control = (_arm(everyone, over, side) for side in (False, True))
    enough = min(treated.clients, control.clients) >= FEWEST
    told = CampaignLift(**asdict(terms), treated=treated, control=control, enough=enough, said="")
    told = told.model_copy(update={"balance_p": _balance(int(everyone.control.sum()), len(everyone.at), terms)})
    found = _compared(done, told, terms) if enough else _too_few(everyone, told)
    return found.model_copy(update={"said": sentence(found)})


def sentence(found: CampaignLift) -> str:
    """What was found, in words."""
    if found.balance_p < UNEVEN:
        return (
            f"Not to be trusted: the arms are not of the sizes that a share of {found.control_share:g} makes "
            f"(p {found.balance_p:.1g}), so clients of one arm were lost or added; find out why first."
        )
    if found.conversion is None:
        needs = f"; to see a lift of {WORTH_SEEING:.0%} takes about {found.needed:,} clients" if found.needed else ""
        return (
            f"Too few to tell: the windows of {found.treated.clients:,} clients who were to be mailed and of "
            f"{found.control.clients:,} held out are over, and each takes {FEWEST}{needs}."
        )
    c = found.conversion
    sure = "beyond chance" if c.low > 0 or c.high < 0 else "not yet to be told from chance"
    lift_ = f", a lift of {c.lift:+.1%}" if c.lift is not None else ""
    return (
        f"{c.treated:.2%} of those to be mailed ordered within {found.window_days} days and {c.control:.2%} of those "
        f"held out: {100 * c.value:+.2f} points{lift_}, between {100 * c.low:+.2f} and {100 * c.high:+.2f}, {sure}."
    )


def _arm(everyone: Enrolled, over: Flags, control: bool) -> ArmOutcome:
    side = everyone.control == control
    orders = everyone.orders[side & over]
    return ArmOutcome(
        clients=len(orders),
        waiting=int((side & ~over).sum()),
        ordered=int((orders > 0).sum()),
        orders=int(orders.sum()),
        revenue_cents=int(everyone.cents[side & over].sum()),
    )


def _balance(control: int, n: int, terms: Terms) -> float:
    """The two-sided p-value of the binomial law."""
    below, above = bdtr(control, n, terms.control_share), bdtrc(control - 1, n, terms.control_share)
    return min(1.0, 2 * float(min(below, above))) if n else 1.0


def _compared(done: Enrolled, told: CampaignLift, terms: Terms) -> CampaignLift:
    spend = cuped.adjusted(done.cents, done.before_cents)
    return told.model_copy(
        update={
            "conversion": _conversion(told.treated, told.control),
            "revenue": _revenue(spend.outcome, done.control),
            "variance_removed": spend.removed,
            "shows": _shows(told),
            "series": _series(done, terms),
        }
    )


def _conversion(treated: ArmOutcome, control: ArmOutcome) -> Difference:
    counts = treated.ordered, treated.clients, control.ordered, control.clients
    once = lift.of_shares(*counts)
    look = sequential.look(
        sequential.of_share(*counts[:2]), sequential.of_share(*counts[2:]), narrowest_at=NARROWEST_AT
    )
    return _difference(once.treated, once.control, look, bayes.of_shares(*counts).p_better)


def _revenue(cents: Floats, control: Flags) -> Difference:
    arms = [cents[~control], cents[control]]
    treated, held = (sequential.Sample(len(arm), float(arm.mean()), float(arm.var(ddof=1))) for arm in arms)
    look, error = (
        sequential.look(treated, held, narrowest_at=NARROWEST_AT),
        sqrt(treated.variance / treated.n + held.variance / held.n),
    )
    better = bayes.of_means(look.difference.value, error).p_better if error else 0.5
    return _difference(treated.mean, held.mean, look, better)


def _difference(treated: float, control: float, look: sequential.Look, better: float) -> Difference:
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


def _series(done: Enrolled, terms: Terms) -> tuple[LiftPoint, ...]:
    """The difference as it was told day by day, from the first with clients enough; at most POINTS of them."""
    ends = done.at + terms.window_days * DAY_S
    held, ordered = np.cumsum(done.control), np.cumsum(done.orders > 0)
    held_ordered, n = np.cumsum((done.orders > 0) & done.control), np.arange(1, len(ends) + 1)
    last_of_day = np.flatnonzero(np.diff(np.floor(ends / DAY_S), append=np.inf))
    told = last_of_day[np.minimum(held, n - held)[last_of_day] >= FEWEST]
    chosen = told[np.unique(np.linspace(0, len(told) - 1, min(len(told), POINTS)).round().astype(int))]
    points = []
    for k in chosen:
        yes, no = int(held_ordered[k]), int(ordered[k] - held_ordered[k])
        arms = sequential.of_share(no, int(n[k] - held[k])), sequential.of_share(yes, int(held[k]))
        around = sequential.look(*arms, narrowest_at=NARROWEST_AT).difference
        points.append(LiftPoint(at=datetime.fromtimestamp(ends[k], UTC), **around._asdict()))
    return tuple(points)


def _design(told: CampaignLift) -> planning.Design:
    return planning.Design(control_share=told.control_share, watched=True)


def _too_few(everyone: Enrolled, told: CampaignLift) -> CampaignLift:
    """How many it takes, going by what those enrolled ordered before."""
    base = (float(everyone.ordered_before.sum()) + 0.5) / (len(everyone.at) + 1)
    if base * (1 + WORTH_SEEING) >= 1:
        return told
    with suppress(BadInput):  # more than there are people
        needed = planning.for_shares(base, WORTH_SEEING, _design(told)).clients
        return told.model_copy(update={"needed": max(needed, int(FEWEST / told.control_share))})
    return told


def _shows(told: CampaignLift) -> float | None:
    """As `CampaignLift.shows`, if those whose window still runs order as the control did."""
    arms = told.treated, told.control
    base = (told.control.ordered + 0.5) / (told.control.clients + 1)
    clients = sum(arm.clients + arm.waiting for arm in arms)
    shown = planning.smallest(clients, base * (1 - base), base * (1 - base), _design(told)) / base
    return shown if isfinite(shown) else None
