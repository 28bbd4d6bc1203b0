"""Every state is in its table and can be reached, and everything can end."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import outreach
from domain.fixes import states as fix_states
from domain.states import CALL, CAMPAIGN, ENROLMENT, ERASURE, REFRESH, VERSION, WAVE, StateTable
from models.calls import CallState
from models.erasures import ErasureState
from models.fixes import FixState
from models.refreshes import RefreshState
from models.states import CampaignState, EnrolmentState, OutreachState, VersionState
from models.waves import WaveState

MAIL = StateTable(first=frozenset({OutreachState.BRIEFED}), transitions=outreach.TRANSITIONS)
FIX = StateTable(first=frozenset({FixState.REQUESTED}), transitions=fix_states.TRANSITIONS)
TABLES: dict[str, tuple[type[StrEnum], StateTable[Any]]] = {
    "mail": (OutreachState, MAIL),
    "fix": (FixState, FIX),
    "campaign": (CampaignState, CAMPAIGN),
    "enrolment": (EnrolmentState, ENROLMENT),
    "version": (VersionState, VERSION),
    "call": (CallState, CALL),
    "wave": (WaveState, WAVE),
    "refresh": (RefreshState, REFRESH),
    "erasure": (ErasureState, ERASURE),
}


def follow(table: StateTable[Any], states: frozenset[Any]) -> frozenset[Any]:
    """All states that may come after these, however many steps later, and these."""
    more = states.union(*(table.transitions[state] for state in states))
    return states if more == states else follow(table, more)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_in_its_table_and_can_be_reached(name: str) -> None:
    states, table = TABLES[name]
    assert set(table.transitions) == set(states)
    assert follow(table, table.first) == set(states)


@pytest.mark.parametrize("name", TABLES)
def test_everything_can_end(name: str) -> None:
    states, table = TABLES[name]
    assert table.final
    assert all(follow(table, frozenset({state})) & table.final for state in states)


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("campaign", {CampaignState.FINISHED, CampaignState.ENDED}),
        ("enrolment", {EnrolmentState.HELD_OUT, EnrolmentState.EXITED, EnrolmentState.DROPPED}),
        ("version", {VersionState.LIVE, VersionState.SET_ASIDE}),
        ("call", {CallState.DONE, CallState.DROPPED}),
        ("wave", {WaveState.DONE, WaveState.CANCELLED}),
        ("refresh", {RefreshState.DONE}),
        ("erasure", {ErasureState.ERASED}),
    ],
)
def test_nothing_follows_the_end(name: str, final: set[StrEnum]) -> None:
    assert TABLES[name][1].final == final


@given(st.data())
def test_sources_are_the_transitions_read_backwards(data: st.DataObject) -> None:
    states, table = TABLES[data.draw(st.sampled_from(sorted(TABLES)))]
    state, target = data.draw(st.sampled_from(list(states))), data.draw(st.sampled_from(list(states)))
    assert table.allows(state, target) == (state in table.list_sources(target))
