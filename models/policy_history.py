"""The history of `algorithms.toml`: who changed which slot, and when."""

from __future__ import annotations

from models.base import Contract, Utc
from models.slot_policies import SlotPolicy


class PolicyChange(Contract):
    """One change: the slots as they were after it.

    `digest`: of the whole file, whose secrets are in no history. `at` is real time.
    """

    at: Utc
    who: str
    what: str
    slots: dict[str, SlotPolicy]
    digest: str
