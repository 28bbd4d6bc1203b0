"""Decide what happens to a draft after its review."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from models.mail import Review, ReviewVerdict, Severity

REVISIONS: Final = 1
"""How often a writer may try again after a review."""


class ReviewStep(StrEnum):
    """What happens to a draft next; TEMPLATE_WRITER: the template writer replaces it."""

    APPROVE = "approve"
    REVISE = "revise"
    PERSON = "person"
    TEMPLATE_WRITER = "house"


def choose_review_step(review: Review, attempt: int) -> ReviewStep:
    """Choose the next step for the draft that was written at `attempt` (1 for the first).

    The issues count as well as the verdict: an approval with a major issue is no approval. `reject` means that no
    rewording would help, so a person looks at it. A draft that is still not good after its revision gives way to the
    template writer.
    """
    if review.verdict is ReviewVerdict.REJECT:
        return ReviewStep.PERSON
    if review.verdict is ReviewVerdict.APPROVE and all(issue.severity is Severity.MINOR for issue in review.issues):
        return ReviewStep.APPROVE
    return ReviewStep.REVISE if attempt <= REVISIONS else ReviewStep.TEMPLATE_WRITER
