"""Pages have a word for every code that can stand in the store, and for no other."""

from __future__ import annotations

from typing import get_args

from domain.blend import PARTS
from domain.fixes.rules import REASONS
from domain.outreach import SETTLED
from models.calls import CallState
from models.events import Event
from models.fixes import FixState, ItemState
from models.refreshes import RefreshState, Verdict
from models.slots import Action
from models.states import CampaignState, EnrolmentState, HoldSource, OutreachState, Phase, TouchKind
from web.console import words


def test_every_code_has_its_word_and_no_word_is_left_over() -> None:
    events = {model.model_fields["type"].default for model in get_args(get_args(Event)[0])}
    assert set(words.PHASES) == {"new", *Phase}
    assert set(words.STATES) == set(OutreachState)
    assert set(words.KINDS) == set(TouchKind)
    assert set(words.HOLDERS) == set(HoldSource)
    assert set(words.EVENTS) == events
    assert set(words.PARTS) == set(PARTS)
    assert set(words.CAMPAIGNS) == set(CampaignState)
    assert set(words.ENROLMENTS) == set(EnrolmentState)
    assert set(words.ACTIONS) == set(get_args(Action))
    assert set(words.FIXES) == set(FixState)
    assert set(words.LEFT_OUT) == set(REASONS)
    assert set(words.BOXED) < set(ItemState)
    assert set(words.VERDICTS) == set(Verdict)
    assert set(words.NIGHTS) == set(RefreshState)


def test_every_tone_is_that_of_a_state_and_one_only() -> None:
    toned = [*words.GOOD, *words.WAITING, *words.BAD]
    assert len(toned) == len(set(toned))
    assert set(toned) <= {*OutreachState, *EnrolmentState, *CampaignState, *Phase, *FixState, *CallState, "kept"}
    assert not words.WAITING & SETTLED
