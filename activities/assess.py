"""Assess where one client stands and what is due: the step behind every turn of `ClientLifecycle`."""

from __future__ import annotations

from temporalio import activity

from models.lifecycle import Assessment, AssessRequest
from services.assessment.assessor import Assessor


class AssessmentSteps:
    """The activities of an assessment."""

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor

    @activity.defn
    def assess(self, request: AssessRequest) -> Assessment:
        """Assess the client and begin what is due."""
        return self._assessor.assess(request)
