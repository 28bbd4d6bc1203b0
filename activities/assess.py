"""Assess where one client stands and what is due: the step behind every turn of `ClientLifecycle`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from activities.declaration import declare_activity
from models.base import ClientId
from models.lifecycle import Assessment, AssessRequest
from services.assessment.assessor import Assessor

StartMail = Callable[[ClientId, Assessment], Awaitable[bool]]
"""Starts the workflow of the mail that an assessment names; False where it could not. Spares the client's workflow two
tasks: a child reports its start and its end to its parent."""


class AssessmentSteps:
    """The activities of an assessment."""

    def __init__(self, assessor: Assessor, start_mail: StartMail) -> None:
        self._assessor, self._start_mail = assessor, start_mail

    @declare_activity()
    async def assess(self, request: AssessRequest) -> Assessment:
        """Assess the client and begin what is due."""
        assessment = await asyncio.to_thread(self._assessor.assess, request)
        if assessment.start is None:
            return assessment
        started = await self._start_mail(request.client_id, assessment)
        return assessment.model_copy(update={"started": started})
