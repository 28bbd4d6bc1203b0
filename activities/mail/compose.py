"""Compose one mail with the template writer."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.outreach import OutreachStep, StepDone
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.composition import MailComposer
from services.recommendations.recommender import Recommender


class CompositionSteps:
    """The one step that prepares a mail without a model."""

    def __init__(self, context: ServiceContext, recommender: Recommender, decider: Decider) -> None:
        self._composer = MailComposer(context, recommender, decider)

    @declare_activity()
    def compose(self, step: OutreachStep) -> StepDone:
        """Pick, write, review and schedule in one step."""
        return self._composer.compose(step)
