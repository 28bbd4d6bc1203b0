"""Calls that a stylist is to make in place of a mail."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from models.base import ClientId, Contract, StrictInput
from models.fixes import By


class CallState(StrEnum):
    """The states of a call. An open call holds back the client's drift mails."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class CallDecision(StrictInput):
    """A stylist's report on a call: reached, no answer (both done), or not worth making."""

    verdict: Literal["reached", "no_answer", "drop"]
    by: By = ""

    @property
    def state(self) -> CallState:
        """The state that follows."""
        return CallState.DROPPED if self.verdict == "drop" else CallState.DONE

    @property
    def outcome(self) -> str:
        """How the call ended, as a stable word."""
        return "by_stylist" if self.verdict == "drop" else self.verdict


class Call(Contract):
    """One call. `reason`: the kind of mail that it replaces. `why`: the client's churn risk in words, empty without a
    risk model. `outcome`: reached, no_answer, by_stylist, or why the call was of no use any more."""

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
