"""The activities that workflows call are the activities that workers host, name by name and type by type."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest
from temporalio import activity

from activities.assess import Assess
from activities.campaigning import Campaigning
from activities.erasing import Erase
from activities.fixing.admitting import AdmitFix
from activities.fixing.assembling import AssembleFix
from activities.fixing.deciding import DecideFix
from activities.fixing.ranking import RankFix
from activities.fixing.reading import ReadNote
from activities.fixing.reserving import ReserveFix
from activities.fixing.settling import SettleFix
from activities.mailing.compose import Compose
from activities.mailing.modelled import Modelled
from activities.mailing.send import Send
from activities.mailing.steer import Steer
from activities.refreshing.drifting import CompareWindows
from activities.refreshing.gathering import GatherFeatures
from activities.refreshing.learning import LearnSlot
from activities.refreshing.picking import PickForAll
from activities.refreshing.planning import PlanRefresh
from activities.waving.asking import AskWave
from activities.waving.assembling import AssembleWave
from activities.waving.planning import PlanWave
from activities.waving.proposing import ProposeWave
from workflows import calls

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
CALLED = {name: member for name, member in vars(calls).items() if hasattr(member, "__temporal_activity_definition")}


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
