"""Intervals that hold at every look, so that an experiment may be watched and stopped at any time.

A confidence sequence by a normal mixture (Robbins 1970), asymptotic as in Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas
(2024, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52). The p-value is
that of the mixture SPRT (Johari, Koomen, Pekelis, Walsh 2017); it never rises when the least of all looks is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from typing import Final

from domain.arrays import Floats
from domain.statistics.intervals import Interval
from errors import BadInput

NARROWEST_AT: Final = 5_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One arm so far: clients, the mean of their outcomes, and their variance (n - 1 below)."""

    n: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Look:
    """The difference of the arms at one look, and a p-value that stays valid however often one looks."""

    difference: Interval
    p_value: float


def sample_share(yes: int, n: int) -> Sample:
    """Build the sample of an arm whose outcome is yes or no. Raises BadInput.

    The variance is that of half a yes and half a no more: no yes so far does not mean certainty.
    """
    if n < 2 or not 0 <= yes <= n:
        raise BadInput("must be two clients or more, of whom 0 to all said yes", "n")
    share = (yes + 0.5) / (n + 1)
    return Sample(n, yes / n, share * (1 - share))


def sample_values(values: Floats) -> Sample:
    """Build the sample of an arm from its outcomes, shape (n,). Raises BadInput."""
    if len(values) < 2:
        raise BadInput("must be two clients or more", "n")
    return Sample(len(values), float(values.mean()), float(values.var(ddof=1)))


def sample_sums(n: int, total: float, squares: float) -> Sample:
    """Build the sample of an arm from the sum of its outcomes and of their squares. Raises BadInput."""
    if n < 2:
        raise BadInput("must be two clients or more", "n")
    return Sample(n, total / n, max(0.0, squares - total**2 / n) / (n - 1))


def compare_arms(treated: Sample, control: Sample, confidence: float = 0.95, narrowest_at: int = NARROWEST_AT) -> Look:
    """Compare treated with control at this look. Raises BadInput.

    `narrowest_at`: clients of both arms together at which the interval is narrowest; fix it before the first look. With
    fewer than about 100 clients an arm the asymptotic interval is not reliable.
    """
    if min(treated.n, control.n) < 2 or narrowest_at < 2:
        raise BadInput("must be two clients or more in each arm", "n")
    n, alpha = treated.n + control.n, 1 - confidence
    difference = treated.mean - control.mean
    variance = n * (treated.variance / treated.n + control.variance / control.n)
    spread, reach = mixture_variance(alpha, narrowest_at), width(n, alpha, narrowest_at) * sqrt(variance)
    return Look(Interval(difference, difference - reach, difference + reach), _p_value(n, difference, variance, spread))


def width(n: float, alpha: float, narrowest_at: float) -> float:
    """Return half the interval's width after `n` clients, in standard deviations of one outcome (theorem 2.2)."""
    inflated = n * mixture_variance(alpha, narrowest_at) + 1
    return sqrt(2 * inflated / (n * (inflated - 1)) * log(sqrt(inflated) / alpha))


def mixture_variance(alpha: float, narrowest_at: float) -> float:
    """Return the mixture variance, in variances of one outcome, that is narrowest at `narrowest_at` (appendix)."""
    twice = -2 * log(alpha)
    return (twice + log1p(twice)) / narrowest_at


def _p_value(n: int, difference: float, variance: float, spread: float) -> float:
    if variance == 0:
        return 1.0 if difference == 0 else 0.0
    inflated = n * spread + 1
    evidence = n * (inflated - 1) * difference**2 / (2 * variance * inflated) - log(inflated) / 2
    return 1.0 if evidence <= 0 else exp(-evidence) if evidence < 700 else 0.0
