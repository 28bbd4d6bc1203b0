"""A wave: all Fixes that are due, assembled together against one stock. What its workflow and activities say to each
other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.base import Contract, Id
from models.slots import Finite


class WaveState(StrEnum):
    """Where a wave stands."""

    RANKING = "ranking"
    ASSEMBLING = "assembling"
    PROPOSING = "proposing"
    DONE = "done"
    CANCELLED = "cancelled"


class WaveInput(Contract):
    """Starts a FixWave. `wave` is its date, or any id; empty: named after the workflow, as the schedule does."""

    wave: Id | None = None


class WaveStep(Contract):
    """Ask for one step of a wave: of its part number `part`, or for its `turn` of assembling."""

    wave: Id
    at: datetime
    part: int = 0
    turn: int = 0


class WaveTurn(Contract):
    """What a step of a wave leads to. `asked`: the parts are to answer this turn; else the boxes stand."""

    parts: int = 0
    turn: int = 0
    asked: bool = False


class WaveEnd(Contract):
    """Ask for the end of a wave after so many real `seconds`: `done`, or `cancelled`."""

    wave: Id
    at: datetime
    state: WaveState
    seconds: float


class WaveReport(Contract):
    """What a wave came to. Scores are sums of p(keep); `bound`: no boxes from this stock can be worth more, nor any
    that give the same clients their must-haves. `filled` and `unfilled` count slots."""

    wave: Id
    state: WaveState = WaveState.RANKING
    fixes: int = 0
    parts: int = 0
    assembled: int = 0
    proposed: int = 0
    lacking: int = 0
    """Fixes without a must-have that they alone could have had: others took the stock."""
    objective: Finite = 0.0
    bound: Finite = 0.0
    gap: Finite = 0.0
    seconds: Finite = 0.0
    filled: int = 0
    unfilled: int = 0


class WaveStatus(Contract):
    """The answer to the query `status`. `parts_done`: of the step it is at."""

    wave: Id
    state: WaveState = WaveState.RANKING
    turn: int = 0
    parts: int = 0
    parts_done: int = 0
    report: WaveReport | None = None
    refused_signals: tuple[str, ...] = ()
