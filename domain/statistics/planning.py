"""How many clients a test needs, and how small a difference so many can show."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from scipy.special import ndtri

from domain.statistics.sequential import width
from errors import BadInput

MOST: Final = 10**12


@dataclass(frozen=True, slots=True)
class Plan:
    """Clients of each arm, and the difference they show with the power asked for."""

    treated: int
    control: int
    difference: float

    @property
    def clients(self) -> int:
        """Both arms together."""
        return self.treated + self.control


@dataclass(frozen=True, slots=True)
class Design:
    """What a test is to be like. `control_share`: of all clients, left untreated. `removed`: the share of variance that
    CUPED takes away. `watched`: looked at whenever one likes, by `sequential.look`, not once at the end."""

    power: float = 0.8
    alpha: float = 0.05
    control_share: float = 0.5
    removed: float = 0.0
    watched: bool = False

    def check(self) -> None:
        """Raises BadInput."""
        for name in ("power", "alpha", "control_share"):
            if not 0 < getattr(self, name) < 1:
                raise BadInput("must lie between 0 and 1", name)
        if not 0 <= self.removed < 1:
            raise BadInput("must be 0 or more and less than 1", "removed")
        if self.power <= self.alpha:
            raise BadInput(f"must be more than alpha, {self.alpha}", "power")


def for_shares(baseline: float, lift: float, design: Design = Design()) -> Plan:
    """To tell a share of `baseline` from one larger by `lift` (relative: .05 is 5 % more). Raises BadInput."""
    if not 0 < baseline < 1:
        raise BadInput("must lie between 0 and 1", "baseline")
    if not lift or not 0 < baseline * (1 + lift) < 1:
        raise BadInput(f"must move {baseline} to another share between 0 and 1", "lift")
    return for_means(baseline * lift, _variance(baseline * (1 + lift)), _variance(baseline), design)


def for_means(difference: float, treated_variance: float, control_variance: float, design: Design = Design()) -> Plan:
    """To tell two means that differ by `difference` (any unit; variances in its square). Raises BadInput."""
    design.check()
    if not difference or min(treated_variance, control_variance) < 0 or not treated_variance + control_variance:
        raise BadInput("must not be 0", "difference")
    spread = sqrt(_spread(treated_variance, control_variance, design))
    n = _clients(abs(difference) / spread, design)
    if n > MOST:
        raise BadInput("is so small that no shop has clients enough to see it", "lift")
    return _plan(n, difference, design)


def smallest(clients: int, treated_variance: float, control_variance: float, design: Design = Design()) -> float:
    """The difference that `clients` of both arms together show with the power asked for. Raises BadInput."""
    design.check()
    if clients < 4:
        raise BadInput("must be 4 or more", "clients")
    return sqrt(_spread(treated_variance, control_variance, design)) * _reach(float(clients), design)


def _variance(share: float) -> float:
    return share * (1 - share)


def _spread(treated_variance: float, control_variance: float, design: Design) -> float:
    """The variance of the difference, times the clients of both arms."""
    return (1 - design.removed) * (
        treated_variance / (1 - design.control_share) + control_variance / design.control_share
    )


def _reach(n: float, design: Design) -> float:
    """How far the true difference must lie off 0, in standard deviations of one outcome. A watched test, too, is
    planned for its last look, when `n` have come: it usually ends before."""
    last = width(n, design.alpha, n) if design.watched else float(ndtri(1 - design.alpha / 2)) / sqrt(n)
    return last + float(ndtri(design.power)) / sqrt(n)


def _clients(effect: float, design: Design) -> float:
    """Clients at which `_reach` has come down to `effect`; it falls with the square root of n."""
    return (_reach(1.0, design) / effect) ** 2


def _plan(n: float, difference: float, design: Design) -> Plan:
    return Plan(ceil(n * (1 - design.control_share)), ceil(n * design.control_share), difference)
