"""Pages have a word for every code that can stand in the store, and for no other."""

from __future__ import annotations

from typing import get_args

from domain.blend import PARTS
from domain.fixes.candidates import EXCLUSION_REASONS
from domain.outreach import SETTLED
from models.calls import CallState
from models.drafts import DraftStage
from models.events import Event
from models.fixes import FixState, ItemState
from models.imports import ImportKind, ImportState
from models.journey_steps import ACTIONS
from models.mail import Autonomy
from models.offers import OfferState
from models.refreshes import ChallengerVerdict, RefreshState
from models.slots import Action
from models.states import CampaignState, EnrolmentState, HoldSource, OutreachState, Phase, TouchKind, VersionState
from web.console import labels, tones
from web.console.system import PART_STATES
from web.templating import name_run


def test_every_code_has_its_word_and_no_word_is_left_over() -> None:
    events = {model.model_fields["type"].default for model in get_args(get_args(Event)[0])}
    assert set(labels.PHASES) == {"new", *Phase}
    assert set(labels.STATES) == set(OutreachState)
    assert set(labels.KINDS) == set(TouchKind)
    assert set(labels.HOLD_SOURCES) == set(HoldSource)
    assert set(labels.EVENTS) == events
    assert set(labels.SCORE_PARTS) == set(PARTS)
    assert set(labels.CAMPAIGNS) == set(CampaignState)
    assert set(labels.VERSIONS) == set(VersionState)
    assert set(labels.STEP_ACTIONS) == set(ACTIONS)
    assert set(labels.AUTONOMIES) == set(Autonomy)
    assert set(labels.IMPORTS) == {"stopped", *ImportState}
    assert set(labels.IMPORT_KINDS) == set(get_args(ImportKind))
    assert set(labels.ENROLMENTS) == set(EnrolmentState)
    assert set(labels.ACTIONS) == set(get_args(Action))
    assert set(labels.FIXES) == set(FixState)
    assert set(labels.OFFERS) == {"expired", *OfferState}
    assert set(labels.LEFT_OUT) == set(EXCLUSION_REASONS)
    assert set(labels.BOX_STATES) < set(ItemState)
    assert set(labels.VERDICTS) == set(ChallengerVerdict)
    assert set(labels.REFRESH_STATES) == set(RefreshState)


def test_every_tone_is_that_of_a_state_and_one_only() -> None:
    toned = [*tones.GOOD, *tones.WAITING, *tones.BAD]
    assert len(toned) == len(set(toned))
    states = {
        *OutreachState,
        *EnrolmentState,
        *CampaignState,
        *Phase,
        *FixState,
        *CallState,
        *DraftStage,
        *VersionState,
        "kept",
        *PART_STATES,
    }
    assert set(toned) <= states
    assert not tones.WAITING & SETTLED


def test_what_a_schedule_started_is_named_by_its_moment() -> None:
    assert name_run("day-2026-11-30T224520Z") == "of 30 November, 22:45"
    assert [name_run(one) for one in ("autumn", "day-2026", "")] == ["autumn", "day-2026", ""]
