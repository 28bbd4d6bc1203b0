"""The last member of every slot's chain: an algorithm of our own, called in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.slot_policies import BUILT_IN
from models.slots import SlotAnswer

PLAIN_VERSION = "built-in"
"""The version of the plain built-ins, which need only the question."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """An algorithm that always gives a valid answer, with the name and version that go on record.

    The slot's own needs only the question. A service that knows more, such as a learnt model, hands over one that is
    bound to it for one call. `seconds_before`: spent on the answer before the question was complete.
    """

    answer: Callable[[Any], SlotAnswer]
    name: str = BUILT_IN
    version: str = PLAIN_VERSION
    seconds_before: float = 0.0
