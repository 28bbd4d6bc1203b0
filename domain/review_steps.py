"""Decide what happens to a draft after its review."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from models.mail import Autonomy, Review, ReviewVerdict, Severity
from models.states import TouchKind

REVISIONS: Final = 1
"""How often a writer may try again after a review."""


class ReviewStep(StrEnum):
    """What happens to a draft next; TEMPLATE_WRITER: the template writer replaces it."""

    APPROVE = "approve"
    REVISE = "revise"
    PERSON = "person"
    TEMPLATE_WRITER = "house"


def parse_autonomy(text: str) -> dict[str, Autonomy]:
    """Parse `grounded`, or `welcome=approved,win_back=free`; the kind of a level without one is an empty string.

    Raises ValueError that names the part.
    """
    levels = {}
    for part in filter(None, map(str.strip, text.split(","))):
        kind, _, level = part.rpartition("=")
        if (kind and kind not in set(TouchKind)) or level not in set(Autonomy):
            raise ValueError(f"{part!r} is not LEVEL or KIND=LEVEL; a level is {', '.join(Autonomy)}")
        levels[kind] = Autonomy(level)
    return levels


def choose_autonomy(text: str, kind: TouchKind) -> Autonomy:
    """Choose how free a model is that writes a mail of this kind, by the setting."""
    levels = parse_autonomy(text)
    return levels.get(kind) or levels.get("", Autonomy.GROUNDED)


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
