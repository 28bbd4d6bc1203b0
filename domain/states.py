"""The states of campaigns and their versions, enrolments, offers, flags, calls, waves, trainings and erasures: which
may follow which.

Those of mails are in `domain/outreach.py`, those of Fixes in `domain/fixes/states.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from models.calls import CallState
from models.erasures import ErasureState
from models.flags import FlagState
from models.offers import OfferState
from models.refreshes import RefreshState
from models.states import CampaignState, EnrolmentState, VersionState
from models.waves import WaveState

StateT = TypeVar("StateT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class StateTable(Generic[StateT]):
    """The states in which something may begin, and those that may follow each state."""

    first: frozenset[StateT]
    transitions: Mapping[StateT, frozenset[StateT]]

    def list_sources(self, target: StateT) -> frozenset[StateT]:
        """Return the states from which `target` may be reached in one step."""
        return frozenset(state for state, following in self.transitions.items() if target in following)

    def allows(self, state: StateT, target: StateT) -> bool:
        """Return whether `target` may follow `state`."""
        return target in self.transitions[state]

    @property
    def final(self) -> frozenset[StateT]:
        """The states that nothing follows."""
        return frozenset(state for state, following in self.transitions.items() if not following)


_C = CampaignState
CAMPAIGN: Final = StateTable(
    first=frozenset({_C.DRAFT, _C.RUNNING}),
    transitions={
        _C.DRAFT: frozenset({_C.AWAITING_APPROVAL, _C.SCHEDULED, _C.RUNNING, _C.ENDED}),
        # Back to a draft when it is turned down or changed.
        _C.AWAITING_APPROVAL: frozenset({_C.DRAFT, _C.SCHEDULED, _C.RUNNING, _C.ENDED}),
        _C.SCHEDULED: frozenset({_C.DRAFT, _C.AWAITING_APPROVAL, _C.RUNNING, _C.ENDED}),
        _C.RUNNING: frozenset({_C.PAUSED, _C.FINISHING, _C.ENDED}),
        # A second pause may give another reason.
        _C.PAUSED: frozenset({_C.PAUSED, _C.RUNNING, _C.FINISHING, _C.ENDED}),
        _C.FINISHING: frozenset({_C.FINISHED, _C.ENDED}),
        _C.FINISHED: frozenset(),
        _C.ENDED: frozenset(),
    },
)

_V = VersionState
VERSION: Final = StateTable(
    first=frozenset({_V.DRAFT}),
    transitions={
        _V.DRAFT: frozenset({_V.AWAITING_APPROVAL, _V.SET_ASIDE}),
        # What was submitted or approved is never changed: a change is a new version, which asks again.
        _V.AWAITING_APPROVAL: frozenset({_V.APPROVED, _V.SET_ASIDE}),
        _V.APPROVED: frozenset({_V.LIVE, _V.SET_ASIDE}),
        _V.LIVE: frozenset(),
        _V.SET_ASIDE: frozenset(),
    },
)

_E = EnrolmentState
OPEN_PLACES: Final = frozenset({_E.WAITING, _E.IN_STEP})
"""The states of those who are in a campaign now. One that is complete or failed may be tried again by a person."""
ENROLMENT: Final = StateTable(
    # One that only records the arm of a comparison is complete at once; who may not be mailed is dropped at once.
    first=frozenset({_E.WAITING, _E.HELD_OUT, _E.DROPPED, _E.COMPLETED}),
    transitions={
        # Held out where the arm is drawn after a wait: only then the client would have been mailed.
        _E.WAITING: frozenset({_E.IN_STEP, _E.HELD_OUT, _E.COMPLETED, _E.EXITED, _E.DROPPED, _E.FAILED}),
        # A mail on its way is not called back by the campaign's end, so nobody is dropped out of a step.
        _E.IN_STEP: frozenset({_E.WAITING, _E.COMPLETED, _E.EXITED, _E.FAILED}),
        _E.HELD_OUT: frozenset(),
        # Back into the step whose mail a person has tried again.
        _E.COMPLETED: frozenset({_E.IN_STEP}),
        _E.EXITED: frozenset(),
        _E.DROPPED: frozenset(),
        _E.FAILED: frozenset({_E.IN_STEP}),
    },
)

CALL: Final = StateTable(
    first=frozenset({CallState.OPEN}),
    transitions={
        CallState.OPEN: frozenset({CallState.DONE, CallState.DROPPED}),
        CallState.DONE: frozenset(),
        CallState.DROPPED: frozenset(),
    },
)

_W = WaveState
WAVE: Final = StateTable(
    first=frozenset({_W.RANKING}),
    transitions={
        # A wave without Fixes is done at once; one that is called off is cancelled at any step.
        _W.RANKING: frozenset({_W.RANKING, _W.ASSEMBLING, _W.PROPOSING, _W.DONE, _W.CANCELLED}),
        _W.ASSEMBLING: frozenset({_W.ASSEMBLING, _W.PROPOSING, _W.CANCELLED}),
        _W.PROPOSING: frozenset({_W.PROPOSING, _W.DONE, _W.CANCELLED}),
        _W.DONE: frozenset(),
        _W.CANCELLED: frozenset(),
    },
)

_R = RefreshState
REFRESH: Final = StateTable(
    first=frozenset({_R.LEARNING}),
    transitions={
        # A step whose worker gives up is passed over.
        _R.LEARNING: frozenset({_R.PICKING, _R.COMPARING, _R.DONE}),
        _R.PICKING: frozenset({_R.COMPARING, _R.DONE}),
        _R.COMPARING: frozenset({_R.COMPARING, _R.DONE}),
        _R.DONE: frozenset(),
    },
)

OFFER: Final = StateTable(
    first=frozenset({OfferState.DRAFT}),
    transitions={
        OfferState.DRAFT: frozenset({OfferState.LIVE, OfferState.RETIRED}),
        OfferState.LIVE: frozenset({OfferState.RETIRED}),
        OfferState.RETIRED: frozenset(),
    },
)

FLAG: Final = StateTable(
    first=frozenset({FlagState.DRAFT}),
    transitions={
        FlagState.DRAFT: frozenset({FlagState.RUNNING, FlagState.STOPPED}),
        FlagState.RUNNING: frozenset({FlagState.STOPPED}),
        FlagState.STOPPED: frozenset(),
    },
)

ERASURE: Final = StateTable(
    first=frozenset({ErasureState.WAITING}),
    transitions={
        ErasureState.WAITING: frozenset({ErasureState.ERASING}),
        ErasureState.ERASING: frozenset({ErasureState.ERASED}),
        ErasureState.ERASED: frozenset(),
    },
)
