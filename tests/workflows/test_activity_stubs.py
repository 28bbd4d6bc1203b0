"""The activities that workflows call are the activities that workers host, name by name and type by type."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest
from temporalio import activity

from activities.assess import AssessmentSteps
from activities.campaign_round import CampaignSteps
from activities.erase import ErasureSteps
from activities.fixes.admit import FixAdmissionSteps
from activities.fixes.assemble import FixAssemblySteps
from activities.fixes.decide import FixDecisionSteps
from activities.fixes.rank import FixRankingSteps
from activities.fixes.read_note import NoteReadingSteps
from activities.fixes.reserve import ReservationSteps
from activities.fixes.settle import SettlementSteps
from activities.mail.broadcast import BroadcastSteps
from activities.mail.compose import CompositionSteps
from activities.mail.model_steps import ModelSteps
from activities.mail.send import SendSteps
from activities.mail.steer import SteeringSteps
from activities.refresh.challenge import ChallengerSteps
from activities.refresh.compare_windows import DriftSteps
from activities.refresh.gather_features import FeatureSteps
from activities.refresh.pick import TopListSteps
from activities.refresh.plan import RefreshPlanSteps
from activities.waves.assemble import WaveAssemblySteps
from activities.waves.plan import WavePlanSteps
from activities.waves.propose import WaveProposalSteps
from activities.waves.rank import WaveRankingSteps
from workflows import activity_stubs

ROOMS = (
    *(AssessmentSteps, CompositionSteps, ModelSteps, SendSteps, SteeringSteps, CampaignSteps, BroadcastSteps),
    *(
        FixAdmissionSteps,
        NoteReadingSteps,
        FixRankingSteps,
        FixAssemblySteps,
        ReservationSteps,
        FixDecisionSteps,
        SettlementSteps,
    ),
    *(WavePlanSteps, WaveRankingSteps, WaveAssemblySteps, WaveProposalSteps),
    *(RefreshPlanSteps, FeatureSteps, ChallengerSteps, TopListSteps, DriftSteps),
    ErasureSteps,
)
HOSTED = {
    name: member
    for room in ROOMS
    for name, member in vars(room).items()
    if hasattr(member, "__temporal_activity_definition")
}
CALLED = {
    name: member for name, member in vars(activity_stubs).items() if hasattr(member, "__temporal_activity_definition")
}


def temporal_name(function: Any) -> str | None:
    return activity._Definition.must_from_callable(function).name


def shape(function: Any) -> tuple[list[Any], Any]:
    hints = get_type_hints(function)
    answer = hints.pop("return")
    return list(hints.values()), answer


def test_nothing_is_called_that_nobody_hosts() -> None:
    assert set(CALLED) == set(HOSTED)


@pytest.mark.parametrize("name", sorted(CALLED))
def test_a_call_has_the_types_of_its_activity(name: str) -> None:
    assert shape(CALLED[name]) == shape(HOSTED[name])
    assert len(inspect.signature(CALLED[name]).parameters) == 1
    assert temporal_name(CALLED[name]) == temporal_name(HOSTED[name])
