"""Calls that a stylist is to make in place of a mail of ours."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from models.base import ClientId, Contract, StrictInput
from models.fixes import By


class CallState(StrEnum):
    """Where a call stands. An open one holds the client's drift mail."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class CallDecision(StrictInput):
    """What a stylist says of a call: reached, tried in vain (both done), or not worth making."""

    verdict: Literal["reached", "no_answer", "drop"]
    by: By = ""

    @property
    def state(self) -> CallState:
        """Where it leads."""
        return CallState.DROPPED if self.verdict == "drop" else CallState.DONE

    @property
    def outcome(self) -> str:
        """How it ended, in one stable word."""
        return "by_stylist" if self.verdict == "drop" else self.verdict


class Call(Contract):
    """One call. `reason`: the kind of mail in whose place it is; `why`: how the client stands against their own rhythm,
    empty where no risk model serves. `outcome`: reached, no_answer, by_stylist, or why it was of no use any more."""

    call_id: str
    client_id: ClientId
    reason: str
    why: str = ""
    state: CallState
    outcome: str = ""
    by: str = ""
    created_at: datetime
    until: datetime
    done_at: datetime | None = None
