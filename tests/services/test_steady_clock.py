"""A clock that jumps is refused until it is right again; one that drifts is followed."""

from __future__ import annotations

import pytest

from errors import Unavailable
from services.steady_clock import SteadyClock


class Machine:
    """A machine whose clock a test sets."""

    def __init__(self) -> None:
        self.wall, self.uptime = 1_790_000_000.0, 500.0

    def run(self, seconds: float, ahead: float = 0.0) -> None:
        """Let time pass, and its clock go ahead by more."""
        self.wall += seconds + ahead
        self.uptime += seconds


def test_a_jump_is_refused_and_drift_is_followed() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, lambda: machine.uptime)
    for _ in range(100):
        machine.run(3_600, ahead=2.0)
        assert clock().timestamp() == machine.wall
    machine.run(1, ahead=126_000_000)
    for _ in range(3):
        with pytest.raises(Unavailable, match="clock has jumped"):
            clock()
    machine.run(1, ahead=-126_000_000)
    assert clock().timestamp() == machine.wall
    machine.run(1, ahead=-120)
    with pytest.raises(Unavailable, match="clock has jumped"):
        clock()


def test_a_machine_that_slept_goes_on() -> None:
    machine = Machine()
    clock = SteadyClock(lambda: machine.wall, lambda: machine.uptime)
    machine.run(86_400)
    assert clock().timestamp() == machine.wall
