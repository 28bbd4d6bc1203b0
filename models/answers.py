"""The record of an answer, kept so that algorithms can be compared and decisions reproduced later."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from models.base import ClientId, Contract, Id, Utc
from models.slot_policies import SlotSplit, parse_split


class AnswerRecord(Contract):
    """One answer: `live` was used, `shadow` was only asked.

    `asked_at` is business time, as in the question. `question` is a digest of everything asked, which live and shadow
    answers of one decision share. `experiment`: the split in force, None without one; `variant`: who was to answer.
    `answer`: None where a shadow gave no valid one. `faults`: `algorithm:code`, in the order of asking. `seconds`: real
    ones.
    """

    slot: Id
    client_id: ClientId
    asked_at: Utc
    question: str
    role: Literal["live", "shadow"]
    variant: Id
    experiment: Annotated[SlotSplit, BeforeValidator(parse_split)] | None = None
    algorithm: str
    version: str
    propensity: float | None = None
    seconds: float
    answer: dict[str, Any] | None
    faults: tuple[str, ...] = ()
