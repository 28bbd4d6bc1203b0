"""The step that assesses starts the mail that is due, and says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities.assess import AssessmentSteps
from models.base import ClientId
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, NextOutreach
from models.states import Band, Phase, TouchKind
from services.assessment.assessor import Assessor

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class FixedAssessor:
    """An assessor that always finds the same."""

    def __init__(self, due: NextOutreach | None) -> None:
        self._due = due

    def assess(self, _: AssessRequest) -> Assessment:
        return Assessment(
            id="a", clock=Clock(), phase=Phase.ACTIVE, band=Band.ACTIVE, score=50.0, wake_at=NOW, start=self._due
        )


@pytest.mark.parametrize(
    ("due", "answers", "started", "asked"),
    [(1, True, True, ["ann"]), (1, False, False, ["ann"]), (None, True, False, [])],
    ids=["started", "Temporal is away", "nothing is due"],
)
async def test_an_assessment_says_whether_it_started_the_mail(
    due: int | None, answers: bool, started: bool, asked: list[ClientId]
) -> None:
    starts: list[ClientId] = []

    async def start_mail(client_id: ClientId, _: Assessment) -> bool:
        starts.append(client_id)
        return answers

    mail = None if due is None else NextOutreach(n=due, kind=TouchKind.WELCOME)
    steps = AssessmentSteps(cast(Assessor, FixedAssessor(mail)), start_mail)
    request = AssessRequest(client_id="ann", at=NOW)
    assessment = await ActivityEnvironment().run(steps.assess, request)
    assert (assessment.started, starts) == (started, asked)
