"""The activities that workflows call are the activities that workers host, name by name and type by type."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest
from temporalio import activity

from activities.assess import Assess
from activities.campaign_round import Campaigning
from activities.erase import Erase
from activities.fixes.admit import AdmitFix
from activities.fixes.assemble import AssembleFix
from activities.fixes.decide import DecideFix
from activities.fixes.rank import RankFix
from activities.fixes.read_note import ReadNote
from activities.fixes.reserve import ReserveFix
from activities.fixes.settle import SettleFix
from activities.mail.compose import Compose
from activities.mail.model_steps import Modelled
from activities.mail.send import Send
from activities.mail.steer import Steer
from activities.refresh.challenge import LearnSlot
from activities.refresh.compare_windows import CompareWindows
from activities.refresh.gather_features import GatherFeatures
from activities.refresh.pick import PickForAll
from activities.refresh.plan import PlanRefresh
from activities.waves.assemble import AssembleWave
from activities.waves.plan import PlanWave
from activities.waves.propose import ProposeWave
from activities.waves.rank import AskWave
from workflows import activity_stubs

ROOMS = (
    *(Assess, Compose, Modelled, Send, Steer, Campaigning),
    *(AdmitFix, ReadNote, RankFix, AssembleFix, ReserveFix, DecideFix, SettleFix),
    *(PlanWave, AskWave, AssembleWave, ProposeWave),
    *(PlanRefresh, GatherFeatures, LearnSlot, PickForAll, CompareWindows),
    Erase,
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
    assert activity._Definition.must_from_callable(CALLED[name]).name == name
