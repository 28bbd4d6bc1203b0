"""What follows from a review."""

from __future__ import annotations

import pytest

from domain.review_steps import ReviewStep, choose_review_step
from models.mail import Issue, Review, ReviewVerdict, Severity


def review(verdict: ReviewVerdict, *severities: Severity) -> Review:
    return Review(
        verdict=verdict, issues=tuple(Issue(severity=s, where="subject", what="Mend it.") for s in severities)
    )


@pytest.mark.parametrize(
    ("given_review", "attempt", "expected"),
    [
        (review(ReviewVerdict.APPROVE), 1, ReviewStep.APPROVE),
        (review(ReviewVerdict.APPROVE, Severity.MINOR), 1, ReviewStep.APPROVE),
        (review(ReviewVerdict.APPROVE, Severity.MAJOR), 1, ReviewStep.REVISE),
        (review(ReviewVerdict.APPROVE, Severity.BLOCKING), 2, ReviewStep.TEMPLATE_WRITER),
        (review(ReviewVerdict.REVISE, Severity.MAJOR), 1, ReviewStep.REVISE),
        (review(ReviewVerdict.REVISE, Severity.MAJOR), 2, ReviewStep.TEMPLATE_WRITER),
        (review(ReviewVerdict.REVISE), 2, ReviewStep.TEMPLATE_WRITER),
        (review(ReviewVerdict.REJECT, Severity.BLOCKING), 1, ReviewStep.PERSON),
        (review(ReviewVerdict.REJECT), 2, ReviewStep.PERSON),
    ],
)
def test_after_a_review(given_review, attempt, expected) -> None:
    assert choose_review_step(given_review, attempt) is expected
