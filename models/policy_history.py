"""Who changed which algorithm answers, and when."""

from __future__ import annotations

from models.base import Contract, Utc
from models.policies import Policy


class PolicyChange(Contract):
    """One change of `algorithms.toml`: the slots as they were after it. `digest`: of the whole file, whose secrets are
    in no history. `at` is real time."""

    at: Utc
    who: str
    what: str
    slots: dict[str, Policy]
    digest: str
