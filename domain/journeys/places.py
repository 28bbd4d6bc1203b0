"""A client's place in a campaign, and the versions by which it may go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from models.base import CampaignSlug, ClientId, ItemId
from models.campaign_definition import CampaignDefinition
from models.journey_steps import END, JourneyStep, StepId
from models.states import Arm, EnrolmentState

KEY: str = "campaign:"
"""How the keys of all mails of campaigns begin."""


@dataclass(frozen=True, slots=True)
class JourneyPlace:
    """A client's place in a campaign, on one occasion.

    `step`: the step in which the client is, empty before the first. `since`: when it began. `due_at`: when to look
    again if nothing happens; None: as soon as possible. `taken`: the steps behind, in their order. `entered_at`: the
    moment from which events and orders count.
    """

    campaign: CampaignSlug
    client_id: ClientId
    entry: str
    version: int
    state: EnrolmentState
    arm: Arm
    entered_at: datetime
    step: str = ""
    since: datetime | None = None
    due_at: datetime | None = None
    taken: tuple[StepId, ...] = ()
    code: str = ""
    item_id: ItemId | None = None

    @property
    def began_at(self) -> datetime:
        """When the present step began."""
        return self.since or self.entered_at

    def build_mail_key(self, step: StepId) -> str:
        """Build the key of the step's mail: one for this occasion, whatever version sends it."""
        return f"{KEY}{self.campaign}:{self.entry}:{step}"

    def end(self, state: EnrolmentState, code: str) -> JourneyPlace:
        """Return the place as it ends."""
        return replace(self, state=state, code=code, due_at=None)

    def wait(self, due_at: datetime | None) -> JourneyPlace:
        """Return the place as it waits for `due_at`, or for the client's turn."""
        return replace(self, state=EnrolmentState.WAITING, due_at=due_at)


@dataclass(frozen=True, slots=True)
class JourneyVersions:
    """The versions of a campaign. `current` runs; those in an older one stay with theirs or move at their next step.
    `moves`: where those go whose next step is no more, where its owner said so."""

    definitions: Mapping[int, CampaignDefinition]
    current: int
    takeover: Literal["stay", "move"] = "stay"
    moves: Mapping[StepId, StepId] | None = None


def find_step(definition: CampaignDefinition, step: StepId) -> JourneyStep | None:
    """Find a step by its name; None for one that the definition does not have, as `end`."""
    return next((one for one in definition.steps if one.id == step), None)


def find_following(definition: CampaignDefinition, step: StepId) -> StepId:
    """Find the step that stands after `step`, the first after none; `end` after the last."""
    ids = [one.id for one in definition.steps]
    index = ids.index(step) + 1 if step else 0
    return ids[index] if index < len(ids) else END


def choose_next(place: JourneyPlace, versions: JourneyVersions, target: StepId | None) -> tuple[int, StepId]:
    """Choose the version and the step with which the client goes on after the present step.

    Args: `target` is the step that a fork chose; None: the one that follows. A step that is behind the client is never
    taken again, whatever the versions say.
    """
    own = versions.definitions[place.version]
    step = target or find_following(own, place.step)
    if versions.takeover != "move" or versions.current == place.version:
        return place.version, _skip_taken(own, step, place)
    new = versions.definitions[versions.current]
    if target is None and (not place.step or find_step(new, place.step) is not None):
        step = find_following(new, place.step)
    else:
        step = _find_nearest(own, new, step, versions.moves or {})
    return versions.current, _skip_taken(new, step, place)


def _find_nearest(
    own: CampaignDefinition, new: CampaignDefinition, step: StepId, moves: Mapping[StepId, StepId]
) -> StepId:
    """Find the step of `new` that stands for `step` of `own`: the stated one, itself, or the nearest after it."""
    while step != END:
        stated = moves.get(step, step)
        if stated == END or find_step(new, stated) is not None:
            return stated
        step = find_following(own, step)
    return END


def _skip_taken(definition: CampaignDefinition, step: StepId, place: JourneyPlace) -> StepId:
    behind = {*place.taken, place.step}
    while step in behind:
        step = find_following(definition, step)
    return step
