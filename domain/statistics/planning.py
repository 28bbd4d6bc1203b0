"""Plan an experiment: how many clients it needs, and how small a difference so many can show."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Final

from scipy.special import ndtri

from domain.statistics.sequential import width
from errors import BadInput

MAX_CLIENTS: Final = 10**12


@dataclass(frozen=True, slots=True)
class SampleSize:
    """The clients of each arm, and the difference that they show with the power asked for."""

    treated: int
    control: int
    difference: float

    @property
    def clients(self) -> int:
        """The clients of both arms together."""
        return self.treated + self.control


@dataclass(frozen=True, slots=True)
class ExperimentDesign:
    """The design of an experiment.

    `control_share`: the share of clients left untreated. `removed`: the share of variance that CUPED removes.
    `watched`: looked at at any time, by `sequential.compare_arms`, instead of once at the end.
    """

    power: float = 0.8
    alpha: float = 0.05
    control_share: float = 0.5
    removed: float = 0.0
    watched: bool = False

    def check(self) -> None:
        """Require that the numbers are possible. Raises BadInput."""
        for name in ("power", "alpha", "control_share"):
            if not 0 < getattr(self, name) < 1:
                raise BadInput("must lie between 0 and 1", name)
        if not 0 <= self.removed < 1:
            raise BadInput("must be 0 or more and less than 1", "removed")
        if self.power <= self.alpha:
            raise BadInput(f"must be more than alpha, {self.alpha}", "power")


def plan_for_shares(baseline: float, lift: float, design: ExperimentDesign = ExperimentDesign()) -> SampleSize:
    """Compute the clients needed to tell a share of `baseline` from one larger by `lift` (.05 is 5 % more). Raises
    BadInput."""
    if not 0 < baseline < 1:
        raise BadInput("must lie between 0 and 1", "baseline")
    if not lift or not 0 < baseline * (1 + lift) < 1:
        raise BadInput(f"must move {baseline} to another share between 0 and 1", "lift")
    return plan_for_means(
        baseline * lift, _compute_share_variance(baseline * (1 + lift)), _compute_share_variance(baseline), design
    )


def plan_for_means(
    difference: float, treated_variance: float, control_variance: float, design: ExperimentDesign = ExperimentDesign()
) -> SampleSize:
    """Compute the clients needed to tell means that differ by `difference`; variances in its unit squared. Raises
    BadInput."""
    design.check()
    if not difference or min(treated_variance, control_variance) < 0 or not treated_variance + control_variance:
        raise BadInput("must not be 0", "difference")
    spread = sqrt(_compute_difference_variance(treated_variance, control_variance, design))
    n = _count_clients(abs(difference) / spread, design)
    if n > MAX_CLIENTS:
        raise BadInput("is so small that no shop has clients enough to see it", "lift")
    return _build_sample_size(n, difference, design)


def compute_smallest_effect(
    clients: int, treated_variance: float, control_variance: float, design: ExperimentDesign = ExperimentDesign()
) -> float:
    """Compute the difference that `clients` of both arms together show with the power asked for. Raises BadInput."""
    design.check()
    if clients < 4:
        raise BadInput("must be 4 or more", "clients")
    return sqrt(_compute_difference_variance(treated_variance, control_variance, design)) * _compute_standard_effect(
        float(clients), design
    )


def _compute_share_variance(share: float) -> float:
    return share * (1 - share)


def _compute_difference_variance(treated_variance: float, control_variance: float, design: ExperimentDesign) -> float:
    """Compute the variance of the difference, times the clients of both arms."""
    return (1 - design.removed) * (
        treated_variance / (1 - design.control_share) + control_variance / design.control_share
    )


def _compute_standard_effect(n: float, design: ExperimentDesign) -> float:
    """Compute how far the true difference must lie from 0, in standard deviations of one outcome.

    A watched experiment is planned for its last look too, after `n` clients; it usually ends before.
    """
    last = width(n, design.alpha, n) if design.watched else float(ndtri(1 - design.alpha / 2)) / sqrt(n)
    return last + float(ndtri(design.power)) / sqrt(n)


def _count_clients(effect: float, design: ExperimentDesign) -> float:
    """Count the clients at which the standard effect has come down to `effect`; it falls with the square root of n."""
    return (_compute_standard_effect(1.0, design) / effect) ** 2


def _build_sample_size(n: float, difference: float, design: ExperimentDesign) -> SampleSize:
    return SampleSize(ceil(n * (1 - design.control_share)), ceil(n * design.control_share), difference)
