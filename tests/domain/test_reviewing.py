"""What follows from a review."""

from __future__ import annotations

import pytest

from domain.reviewing import AfterReview, after_review
from models.mail import Issue, Review, Severity, Verdict


def review(verdict: Verdict, *severities: Severity) -> Review:
    return Review(
        verdict=verdict, issues=tuple(Issue(severity=s, where="subject", what="Mend it.") for s in severities)
    )


@pytest.mark.parametrize(
    ("given_review", "attempt", "expected"),
    [
        (review(Verdict.APPROVE), 1, AfterReview.APPROVE),
        (review(Verdict.APPROVE, Severity.MINOR), 1, AfterReview.APPROVE),
        (review(Verdict.APPROVE, Severity.MAJOR), 1, AfterReview.REVISE),
        (review(Verdict.APPROVE, Severity.BLOCKING), 2, AfterReview.HOUSE),
        (review(Verdict.REVISE, Severity.MAJOR), 1, AfterReview.REVISE),
        (review(Verdict.REVISE, Severity.MAJOR), 2, AfterReview.HOUSE),
        (review(Verdict.REVISE), 2, AfterReview.HOUSE),
        (review(Verdict.REJECT, Severity.BLOCKING), 1, AfterReview.PERSON),
        (review(Verdict.REJECT), 2, AfterReview.PERSON),
    ],
)
def test_after_a_review(given_review, attempt, expected) -> None:
    assert after_review(given_review, attempt) is expected
