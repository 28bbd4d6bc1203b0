"""Whom of its audience a campaign enrols, in which arm, and the state in which an enrolment begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.holdouts import assign_arm
from models.base import ClientId
from models.campaign import CampaignSpec
from models.states import Arm, EnrolmentState


class AudienceMember(NamedTuple):
    """A client in the phases of a campaign's audience."""

    client_id: ClientId
    tags: tuple[str, ...]
    consent: bool


class NewEnrolment(NamedTuple):
    """An enrolment as it begins. `code`: why no mail follows, where none does."""

    client_id: ClientId
    arm: Arm
    state: EnrolmentState
    code: str = ""


_FIRST_STATES: Final[Mapping[Arm, tuple[EnrolmentState, str]]] = {
    Arm.TREATED: (EnrolmentState.PENDING, ""),
    Arm.CONTROL: (EnrolmentState.HELD_OUT, "held_out"),
    Arm.NEITHER: (EnrolmentState.DROPPED, "no_consent"),
}


def is_in_audience(spec: CampaignSpec, member: AudienceMember) -> bool:
    """Return whether a client carries all tags of the campaign's audience."""
    return set(spec.audience.tags) <= set(member.tags)


def choose_arm(spec: CampaignSpec, member: AudienceMember) -> Arm:
    """Choose the client's arm. Clients without consent are in neither: they would be the same in both arms and hide the
    lift."""
    return assign_arm(spec.slug, member.client_id, spec.control_share) if member.consent else Arm.NEITHER


def begin_enrolment(spec: CampaignSpec, member: AudienceMember) -> NewEnrolment:
    """Build the enrolment of a client of the audience."""
    arm = choose_arm(spec, member)
    return NewEnrolment(member.client_id, arm, *_FIRST_STATES[arm])


def record_arm(client_id: ClientId, arm: Arm) -> NewEnrolment:
    """Build the enrolment that only records the client's arm of a comparison; no mail follows from it."""
    return NewEnrolment(client_id, arm, EnrolmentState.HELD_OUT if arm is Arm.CONTROL else EnrolmentState.DONE)
