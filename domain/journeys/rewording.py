"""Another message or voice for one step of a campaign whose clients are on their way."""

from __future__ import annotations

from typing import Any

from domain.journeys.places import find_step
from domain.nearness import name_nearest
from errors import BadInput
from models.campaign_definition import CampaignDefinition
from models.journey_steps import JourneyStep, StepId


def reword(
    definition: CampaignDefinition, step_id: StepId, message: str | None, voice: str | None
) -> CampaignDefinition:
    """Return the definition with another message, or voice, of one mail. Raises BadInput for a step that is no mail."""
    step = find_step(definition, step_id)
    if step is None or step.mail is None:
        mails = [one.id for one in definition.steps if one.mail is not None]
        why = "is no mail" if step is not None else f"is no step{name_nearest(step_id, mails)}"
        raise BadInput(f"{step_id} {why} (its mails: {', '.join(mails) or 'none'})", "step")
    words = {name: value for name, value in (("message", message), ("voice", voice)) if value is not None}
    changed = step.model_copy(update={"mail": step.mail.model_copy(update=words)})
    steps = tuple(changed if one.id == step_id else one for one in definition.steps)
    return CampaignDefinition.model_validate(definition.model_copy(update={"steps": steps}).model_dump(mode="json"))


def list_reworded(before: CampaignDefinition, after: CampaignDefinition) -> list[StepId] | None:
    """List the mails that say something else after than before; None where more than words differs."""
    if _leave_out_words(before) != _leave_out_words(after):
        return None
    pairs = zip(before.steps, after.steps, strict=True)
    whole = before.voice != after.voice
    return [new.id for old, new in pairs if new.mail is not None and (old != new or whole)]


def _leave_out_words(definition: CampaignDefinition) -> dict[str, Any]:
    steps = tuple(map(_silence, definition.steps))
    return definition.model_copy(update={"steps": steps, "voice": ""}).model_dump(mode="json")


def _silence(step: JourneyStep) -> JourneyStep:
    if step.mail is None:
        return step
    variants = tuple(variant.model_copy(update={"message": ""}) for variant in step.mail.variants)
    silent = {"message": "", "voice": "", "variants": variants}
    return step.model_copy(update={"mail": step.mail.model_copy(update=silent)})
