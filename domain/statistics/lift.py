"""The lift of a treatment over a control: the difference and the relative lift, each with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt

import numpy as np
from scipy.special import ndtr

from domain.arrays import Floats
from domain.statistics.intervals import Interval, compute_share_bounds, normal_quantile
from errors import BadInput


@dataclass(frozen=True, slots=True)
class Lift:
    """A treatment compared with a control. `difference` in the unit of the outcome; `relative`: .05 is 5 % more.

    `p_value`: how often chance alone shows a difference as large, to either side.
    """

    treated: float
    control: float
    difference: Interval
    relative: Interval
    p_value: float


def compare_shares(treated_yes: int, treated: int, control_yes: int, control: int, confidence: float = 0.95) -> Lift:
    """Compare two shares, such as clients who ordered. Raises BadInput.

    The difference by Newcombe's score interval (1998, method 10), the lift by Katz's logarithm (1978) with half a
    client added to each count where one is zero.
    """
    _check_counts("treated", treated_yes, treated)
    _check_counts("control", control_yes, control)
    p, q, far = treated_yes / treated, control_yes / control, normal_quantile(confidence)
    (p_low, p_high), (q_low, q_high) = compute_share_bounds(p, treated, far), compute_share_bounds(q, control, far)
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    pooled = (treated_yes + control_yes) / (treated + control)
    error = sqrt(pooled * (1 - pooled) * (1 / treated + 1 / control))
    relative = _ratio_of_shares(treated_yes, treated, control_yes, control, far)
    return Lift(p, q, Interval(p - q, low, high), relative, _p_value(p - q, error))


def compare_means(treated: Floats, control: Floats, confidence: float = 0.95) -> Lift:
    """Compare two means, such as spend per client; arrays of shapes (n,) and (m,). Raises BadInput.

    Welch's normal interval (fit for hundreds of clients), the lift by the delta method. Adjust by `cuped.adjust` first
    where something is known from before.
    """
    for name, values in (("treated", treated), ("control", control)):
        if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
            raise BadInput("must be two finite numbers or more", name)
    return compare_estimates(
        float(treated.mean()),
        float(treated.var(ddof=1)) / len(treated),
        float(control.mean()),
        float(control.var(ddof=1)) / len(control),
        confidence,
    )


def compare_ratios(
    treated_top: Floats, treated_bottom: Floats, control_top: Floats, control_bottom: Floats, confidence: float = 0.95
) -> Lift:
    """Compare ratios of sums over clients, such as revenue per order, one row per client, by the delta method. Raises
    BadInput.

    Clients are the unit of randomisation, so orders of one client are not treated as independent.
    """
    arms = [_ratio("treated", treated_top, treated_bottom), _ratio("control", control_top, control_bottom)]
    return compare_estimates(*arms[0], *arms[1], confidence)


def _ratio(name: str, top: Floats, bottom: Floats) -> tuple[float, float]:
    if top.shape != bottom.shape or len(top) < 2 or not (np.isfinite(top) & np.isfinite(bottom)).all():
        raise BadInput("must be two pairs of finite numbers or more", name)
    if bottom.mean() <= 0:
        raise BadInput("divides by nothing: the sum below must be more than 0", name)
    value = float(top.mean() / bottom.mean())
    return value, float((top - value * bottom).var(ddof=1)) / len(top) / float(bottom.mean()) ** 2


def compare_estimates(
    treated: float, treated_var: float, control: float, control_var: float, confidence: float = 0.95
) -> Lift:
    """Compare two estimates by their values and the variances of those, as sums of many clients give them."""
    far, error = normal_quantile(confidence), sqrt(treated_var + control_var)
    difference = treated - control
    around = Interval(difference, difference - far * error, difference + far * error)
    return Lift(
        treated,
        control,
        around,
        _relative(treated, treated_var, control, control_var, far),
        _p_value(difference, error),
    )


def _relative(treated: float, treated_var: float, control: float, control_var: float, far: float) -> Interval:
    """Compute Fieller's interval (1954): unbounded where the control cannot be told from zero."""
    if control <= 0 or control**2 <= far**2 * control_var:
        return Interval(treated / control - 1 if control > 0 else inf, -inf, inf)
    bend = control**2 - far**2 * control_var
    middle = treated * control / bend
    reach = sqrt(max(middle**2 - (treated**2 - far**2 * treated_var) / bend, 0.0))
    return Interval(treated / control - 1, middle - reach - 1, middle + reach - 1)


def _ratio_of_shares(treated_yes: int, treated: int, control_yes: int, control: int, far: float) -> Interval:
    half = 0.0 if treated_yes and control_yes else 0.5
    ratio = ((treated_yes + half) / (treated + half)) / ((control_yes + half) / (control + half))
    error = sqrt(
        max(
            1 / (treated_yes + half) - 1 / (treated + half) + 1 / (control_yes + half) - 1 / (control + half),
            0.0,
        )
    )
    return Interval(ratio - 1, exp(log(ratio) - far * error) - 1, exp(log(ratio) + far * error) - 1)


def _p_value(difference: float, error: float) -> float:
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * ndtr(-abs(difference) / error))


def _check_counts(name: str, yes: int, n: int) -> None:
    if not 0 <= yes <= n or n < 1:
        raise BadInput(f"must be 0 to {n} of at least one", name)
