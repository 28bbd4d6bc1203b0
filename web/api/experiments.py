"""`/v1`: what tests that are no flags showed, splits between algorithms and texts of campaigns' mails."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import Path

from domain.experiments import name_text
from domain.permissions import Disclosure
from models.flag_results import ExperimentResult
from services.experiments.texts_and_splits import read_experiment
from web.api.flags import Planned, WithinDays
from web.api.routing import CampaignPath, SlotPath, create_router, declare_errors
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("experiments")
StepPath = Annotated[str, Path(description="The step that sends the mail.")]


@router.get("/slots/{name}/result", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def read_split(
    context: Here, name: SlotPath, within_days: WithinDays = 7.0, narrowest_at: Planned = None
) -> ExperimentResult:
    """Read what the split of a slot that was in force last showed, as of a flag; 404 where nobody was answered under
    one."""
    within = timedelta(days=within_days)
    return read_experiment(context.engine, "slot", name, context.business_now(), within, narrowest_at)


@router.get(
    "/campaigns/{slug}/steps/{step_id}/result", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)]
)
def read_texts(
    context: Here, slug: CampaignPath, step_id: StepPath, within_days: WithinDays = 7.0, narrowest_at: Planned = None
) -> ExperimentResult:
    """Read what the texts of a campaign's mail showed, as of a flag; 422 for a mail of one text."""
    name, within = name_text(slug, step_id), timedelta(days=within_days)
    return read_experiment(context.engine, "campaign", name, context.business_now(), within, narrowest_at)
