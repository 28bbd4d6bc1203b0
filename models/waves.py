"""A wave assembles all Fixes that are due together against one stock. The messages of its workflow and activities."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.actors import Actor
from models.base import Contract, Id
from models.slots import Finite


class WaveState(StrEnum):
    """The states of a wave."""

    RANKING = "ranking"
    ASSEMBLING = "assembling"
    PROPOSING = "proposing"
    DONE = "done"
    CANCELLED = "cancelled"


class WaveInput(Contract):
    """Starts a FixWave. `wave` is its date, or any id; empty: named after the workflow, as the schedule does."""

    wave: Id | None = None
    actor: Actor | None = None
    """Who asked for it; None: the schedule."""


class WaveStep(Contract):
    """Asks for one step of a wave: of part number `part`, or for a `turn` of assembling."""

    wave: Id
    at: datetime
    part: int = 0
    turn: int = 0
    actor: Actor | None = None
    """As in WaveInput, for the first step."""


class WaveTurn(Contract):
    """The result of a step. `asked`: the parts must answer this turn; else the boxes are final."""

    parts: int = 0
    turn: int = 0
    asked: bool = False


class WaveEnd(Contract):
    """Asks for the end of a wave after so many real `seconds`: `done`, or `cancelled`."""

    wave: Id
    at: datetime
    state: WaveState
    seconds: float


class WaveReport(Contract):
    """The result of a wave. Scores are sums of p(keep). `filled` and `unfilled` count slots.

    `bound`: no boxes from this stock can be worth more, nor any that give the same clients their must-haves.
    """

    wave: Id
    state: WaveState = WaveState.RANKING
    fixes: int = 0
    parts: int = 0
    assembled: int = 0
    proposed: int = 0
    lacking: int = 0
    """Fixes without a must-have that was available to them alone: others took the stock."""
    objective: Finite = 0.0
    bound: Finite = 0.0
    gap: Finite = 0.0
    seconds: Finite = 0.0
    filled: int = 0
    unfilled: int = 0


class WaveStatus(Contract):
    """The answer to the query `status`. `parts_done`: of the current step."""

    wave: Id
    state: WaveState = WaveState.RANKING
    turn: int = 0
    parts: int = 0
    parts_done: int = 0
    report: WaveReport | None = None
    refused_signals: tuple[str, ...] = ()
