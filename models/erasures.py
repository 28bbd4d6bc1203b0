"""Erasing a client: the messages between the workflow and its activities, and the status that is reported."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.base import ClientId, Contract
from models.fixes import FixId


class ErasureState(StrEnum):
    """The states of an erasure."""

    WAITING = "waiting"
    """Requested: no mail leaves any more and Fixes are cancelled; mails at the mail server must settle first."""
    ERASING = "erasing"
    """The id is refused from now on, and rows are being deleted."""
    ERASED = "erased"
    """Nothing is left but keyed hashes."""


class ErasureInput(Contract):
    client_id: ClientId


class ErasureStep(Contract):
    """Asks for one step. `at` is the workflow's real now."""

    client_id: ClientId
    at: datetime


class ErasureLook(Contract):
    """The mails and Fixes that were cancelled, whose workflows must hear of it, and how many mails are at the mail
    server."""

    outreaches: tuple[int, ...] = ()
    fixes: tuple[FixId, ...] = ()
    in_data: int = 0


class ErasureCount(Contract):
    """The number of rows that one pass deleted."""

    rows: int


class ErasureStatus(Contract):
    """The status of an erasure in the store. `refused_since`: business time from which the id is refused."""

    client_id: ClientId
    state: ErasureState
    asked_at: datetime | None = None
    refused_since: datetime | None = None
    erased_at: datetime | None = None


class ErasureProgress(Contract):
    """The answer to the query `status`. `looked_again`: whatever was in flight at the erasure has been deleted too."""

    client_id: ClientId
    state: ErasureState = ErasureState.WAITING
    in_data: int = 0
    rows: int = 0
    looked_again: bool = False
