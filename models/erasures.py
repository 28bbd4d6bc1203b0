"""Erasing a client: what the workflow and its activities say to each other, and what whoever asked is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models.base import ClientId, Contract
from models.fixes import FixId


class ErasureState(StrEnum):
    """How far an erasure is."""

    WAITING = "waiting"
    """Asked for: no mail goes any more, Fixes are called off; what is with the mail server must settle first."""
    ERASING = "erasing"
    """The id is refused from now on; rows are going."""
    ERASED = "erased"
    """Nothing is left but keyed hashes."""


class ErasureInput(Contract):
    client_id: ClientId


class ErasureStep(Contract):
    """Ask for one step. `at` is the workflow's real now."""

    client_id: ClientId
    at: datetime


class ErasureLook(Contract):
    """What had to be called off, whose workflows are to be told; and how many mails are with the mail server."""

    outreaches: tuple[int, ...] = ()
    fixes: tuple[FixId, ...] = ()
    in_data: int = 0


class ErasureCount(Contract):
    """Rows that one pass took away."""

    rows: int


class ErasureStatus(Contract):
    """Where an erasure stands, by the store. `refused_since`: from when on the id is refused; business time."""

    client_id: ClientId
    state: ErasureState
    asked_at: datetime | None = None
    refused_since: datetime | None = None
    erased_at: datetime | None = None


class ErasureProgress(Contract):
    """The answer to the query `status`. `looked_again`: what was in flight when all was erased has gone too."""

    client_id: ClientId
    state: ErasureState = ErasureState.WAITING
    in_data: int = 0
    rows: int = 0
    looked_again: bool = False
