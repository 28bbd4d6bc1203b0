"""The four steps of a mail that a language model writes: pick, write, review, schedule."""

from __future__ import annotations

from activities.declaration import declare_activity
from agents.llm import LanguageModel
from models.outreach import OutreachStep, StepDone
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing.model_composer import ModelComposer
from services.recommendations.recommender import Recommender


class ModelSteps:
    """The activities of a mail that a model writes. `model` is None where none is configured; then no workflow calls
    them."""

    def __init__(
        self, context: ServiceContext, recommender: Recommender, decider: Decider, model: LanguageModel | None
    ) -> None:
        self._composer = ModelComposer(context, recommender, decider, model)

    @declare_activity()
    def pick(self, step: OutreachStep) -> StepDone:
        """Choose the items and save the brief."""
        return self._composer.pick(step)

    @declare_activity()
    async def write(self, step: OutreachStep) -> StepDone:
        """Have the model write; after a review that asked for it, write again."""
        return await self._composer.write(step)

    @declare_activity()
    async def review(self, step: OutreachStep) -> StepDone:
        """Have the model review. `in_review` means approved; `drafted` says in its code what comes next."""
        return await self._composer.review(step)

    @declare_activity()
    async def schedule(self, step: OutreachStep) -> StepDone:
        """Choose when the mail leaves."""
        return await self._composer.schedule(step)
