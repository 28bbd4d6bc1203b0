"""Whom of its audience a campaign enrols, in which arm, and the state in which an enrolment begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from domain.holdouts import assign_arm
from models.base import ClientId
from models.campaign import CampaignSpec
from models.states import Arm, EnrolmentState, Topic


class AudienceMember(NamedTuple):
    """A client in the phases of a campaign's audience."""

    client_id: ClientId
    tags: tuple[str, ...]
    consent: bool
    mailbox: str = ""
    """As a keyed hash; several clients may share it. Empty: unknown."""
    topics: tuple[str, ...] | None = None
    """What they want mail about; None: anything."""


class NewEnrolment(NamedTuple):
    """An enrolment as it begins. `code`: why no mail follows, where none does."""

    client_id: ClientId
    arm: Arm
    state: EnrolmentState
    code: str = ""


_FIRST_STATES: Final[Mapping[Arm, tuple[EnrolmentState, str]]] = {
    Arm.TREATED: (EnrolmentState.WAITING, ""),
    Arm.CONTROL: (EnrolmentState.HELD_OUT, "held_out"),
    Arm.NEITHER: (EnrolmentState.DROPPED, "no_consent"),
}
_UNWANTED: Final = (EnrolmentState.DROPPED, "topic_unwanted")
_SHARED: Final = (EnrolmentState.DROPPED, "same_mailbox")
"""One campaign mails one mailbox once: the first of its clients stands for it."""


def is_in_audience(spec: CampaignSpec, member: AudienceMember) -> bool:
    """Return whether a client carries all tags of the campaign's audience."""
    return set(spec.audience.tags) <= set(member.tags)


def begin_enrolments(
    spec: CampaignSpec, members: Iterable[AudienceMember], taken: Mapping[str, ClientId]
) -> list[NewEnrolment]:
    """Build the enrolments of clients of the audience.

    Clients without consent are in neither arm: they would be the same in both and hide the lift. So are those who want
    no mail of campaigns, and those whose
    mailbox was enrolled before under another id, by `taken` or as an earlier member's.
    """
    seen = dict(taken)
    return [_begin_enrolment(spec, member, seen) for member in members]


def _begin_enrolment(spec: CampaignSpec, member: AudienceMember, seen: dict[str, ClientId]) -> NewEnrolment:
    if not member.consent:
        return NewEnrolment(member.client_id, Arm.NEITHER, *_FIRST_STATES[Arm.NEITHER])
    if member.topics is not None and Topic.CAMPAIGN not in member.topics:
        return NewEnrolment(member.client_id, Arm.NEITHER, *_UNWANTED)
    if member.mailbox and seen.setdefault(member.mailbox, member.client_id) != member.client_id:
        return NewEnrolment(member.client_id, Arm.NEITHER, *_SHARED)
    arm = assign_arm(spec.slug, member.client_id, spec.control_share)
    return NewEnrolment(member.client_id, arm, *_FIRST_STATES[arm])


def record_arm(client_id: ClientId, arm: Arm) -> NewEnrolment:
    """Build the enrolment that only records the client's arm of a comparison; no mail follows from it."""
    return NewEnrolment(client_id, arm, EnrolmentState.HELD_OUT if arm is Arm.CONTROL else EnrolmentState.COMPLETED)
