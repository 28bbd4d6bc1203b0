"""What is kept of every answer, so that algorithms can be compared later and a decision can be made again."""

from __future__ import annotations

from typing import Any, Literal

from models.base import ClientId, Contract, Id, Utc


class AnswerRecord(Contract):
    """One answer: `live` was used, `shadow` was only asked. `asked_at` is business time, as the question says.

    `question` is a digest of all that was asked: live and shadow answers of one decision share it. `experiment` names
    the split that was in force, empty without one; `variant` is who was to answer. `answer` is none where a shadow gave
    no valid one. `faults`: `algorithm:code`, in the order in which they were asked. `seconds`: real ones.
    """

    slot: Id
    client_id: ClientId
    asked_at: Utc
    question: str
    role: Literal["live", "shadow"]
    variant: Id
    experiment: str = ""
    algorithm: str
    version: str
    propensity: float | None = None
    seconds: float
    answer: dict[str, Any] | None
    faults: tuple[str, ...] = ()
