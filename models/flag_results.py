"""What a test showed, of a flag, a split or a campaign's texts: each arm's figures, each arm beside the control."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from models.base import Contract
from models.flags import FlagSlug, FlagState

Bounds = tuple[float | None, float | None, float | None]
"""Value, low, high; None: without bound."""


class ArmFigures(Contract):
    """One arm. `clients`: those whose window is over; `waiting`: those for whom it still runs. What is per client
    counts those who did nothing. None: there is nothing to divide by."""

    arm: str
    share: float
    """Of those in the test."""
    clients: int
    waiting: int
    visits: int
    """Anonymous visits that are over."""
    click_rate: float | None
    """Clicks on items for each page of items that was answered."""
    conversion: float | None
    """The share of clients who ordered."""
    session_minutes: float | None
    """From the first to the last event of a session, which ends with half an hour of nothing."""
    revenue: float | None
    """Per client, in the shop's currency."""
    mail_clicked: float | None = None
    """The share of clients who clicked in a mail; None for flags, which change no mail."""
    visits_clicked: float | None
    """The share of visits with a click."""
    visit_minutes: float | None
    """Per visit, after the arm was shown."""


class ArmComparison(Contract):
    """One figure of an arm beside the control's. Intervals are of 95 %.

    `at_every_look` holds however often one looks, the plain one for one planned look. `p_better`: the chance that the
    arm is better, with a flat prior; `loss_if_worse`: what is lost on average if it is chosen and is not. `removed`:
    the share of variance that CUPED took away by what was known from before. `enough`: whether there are as many
    clients as the intervals need.
    """

    arm: str
    figure: str
    treated: float
    control: float
    difference: Bounds
    lift: Bounds
    p_value: float
    difference_at_every_look: Bounds
    p_value_at_every_look: float
    p_better: float
    loss_if_worse: float
    removed: float = 0.0
    n: int
    control_n: int
    enough: bool


class ArmsResult(Contract):
    """What a test showed from `since` to `until`. `mismatch`: how often chance alone divides clients as unlike the
    shares; `suspicious`: so rarely that the arms cannot be compared."""

    since: datetime | None
    until: datetime
    within_days: float
    control: str
    arms: tuple[ArmFigures, ...]
    comparisons: tuple[ArmComparison, ...]
    mismatch: float | None
    suspicious: bool
    says: tuple[str, ...]
    """The result in plain sentences."""


class FlagResult(ArmsResult):
    """What a flag showed."""

    flag: FlagSlug
    state: FlagState


class ExperimentResult(ArmsResult):
    """What a split between algorithms, or the texts of a campaign's mail, showed. An arm with an empty name: the
    message itself."""

    kind: Literal["slot", "campaign"]
    experiment: str
