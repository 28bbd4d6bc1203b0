"""The activities as workflows see them: names and types, no implementation.

A test holds each against the activity that bears its name, so that no workflow imports what does the work.
"""

from __future__ import annotations

from temporalio import activity

from models.lifecycle import (
    Assessment,
    AssessRequest,
    CampaignRound,
    CampaignStep,
    Conclusion,
    OutreachStep,
    PolicyRequest,
    StepDone,
)


@activity.defn
async def assess(request: AssessRequest) -> Assessment:
    """Apply what signals asked for, score the client, decide what is due."""
    raise NotImplementedError


@activity.defn
async def compose(step: OutreachStep) -> StepDone:
    """Pick, write, review and schedule in one step, with the house writer."""
    raise NotImplementedError


@activity.defn
async def pick(step: OutreachStep) -> StepDone:
    """Choose the items and keep the brief."""
    raise NotImplementedError


@activity.defn
async def write(step: OutreachStep) -> StepDone:
    """Have the model write, or rewrite after a review."""
    raise NotImplementedError


@activity.defn
async def review(step: OutreachStep) -> StepDone:
    """Have the model review; `drafted` asks for a rewrite, `in_review` means approved."""
    raise NotImplementedError


@activity.defn
async def schedule(step: OutreachStep) -> StepDone:
    """Choose the moment; the mail is then `scheduled`."""
    raise NotImplementedError


@activity.defn
async def send(step: OutreachStep) -> StepDone:
    """Ask the door and really send, once."""
    raise NotImplementedError


@activity.defn
async def unpark(step: OutreachStep) -> StepDone:
    """A parked mail's turn has come: send late, plan anew or expire."""
    raise NotImplementedError


@activity.defn
async def conclude(conclusion: Conclusion) -> StepDone:
    """Do with a mail what a person asked for: park it, reject it, approve it, move its time."""
    raise NotImplementedError


@activity.defn
async def keep_policy(request: PolicyRequest) -> None:
    """Keep what a client asked of our mail."""
    raise NotImplementedError


@activity.defn
async def campaign_round(step: CampaignStep) -> CampaignRound:
    """Apply orders, enrol or drain a share, count."""
    raise NotImplementedError
