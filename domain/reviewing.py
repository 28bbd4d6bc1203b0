"""What becomes of a draft after its review."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from models.mail import Review, Severity, Verdict

REVISIONS: Final = 1
"""How often a writer may try again after a review."""


class AfterReview(StrEnum):
    APPROVE = "approve"
    REVISE = "revise"
    PERSON = "person"
    HOUSE = "house"


def after_review(review: Review, attempt: int) -> AfterReview:
    """The next step for the draft that was written at `attempt` (1 for the first).

    The issues count as well as the verdict: an approval with a major issue is none. `reject` means that no rewording
    would help, so a person looks. A draft that is still not good after its revision gives way to the house writer.
    """
    if review.verdict is Verdict.REJECT:
        return AfterReview.PERSON
    if review.verdict is Verdict.APPROVE and all(issue.severity is Severity.MINOR for issue in review.issues):
        return AfterReview.APPROVE
    return AfterReview.REVISE if attempt <= REVISIONS else AfterReview.HOUSE
