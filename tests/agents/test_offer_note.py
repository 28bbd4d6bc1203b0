"""A mail with an offer: its writer is told that there is one, and may say nothing of it, whatever the brief carries."""

from __future__ import annotations

import json
from datetime import date

import pytest

from agents.languages import build_checker, find_draft_faults
from agents.template_writer import compose_draft
from agents.writer import OFFER_NOTE, build_model_brief
from models.mail import Autonomy, BriefOffer
from tests.agents.briefs import brief

OFFER = BriefOffer(slug="autumn", code="AUTUMN20", percent=20, until=date(2026, 12, 6), scope=("coats",), uses=1)
SAID = (
    "Take 20% off with AUTUMN20.",
    "A discount waits for you below.",
    "Until 6 December, coats are yours for less.",
    "There are twenty percent in it for you.",
)


def test_a_model_is_told_of_the_offer_and_not_what_it_gives() -> None:
    told = json.dumps(build_model_brief(brief(offer=OFFER, autonomy=Autonomy.GROUNDED)))
    assert OFFER_NOTE in told
    assert not [word for word in ("AUTUMN20", "2026-12-06", '"percent"', "autumn") if word in told]
    assert OFFER_NOTE not in json.dumps(build_model_brief(brief(autonomy=Autonomy.GROUNDED)))


@pytest.mark.parametrize("said", SAID)
def test_to_speak_of_it_stays_a_fault(said: str) -> None:
    offered = brief(offer=OFFER, autonomy=Autonomy.FREE)
    draft = compose_draft(offered)
    assert not find_draft_faults(draft, offered)
    assert find_draft_faults(draft.model_copy(update={"paragraphs": (said, *draft.paragraphs[1:])}), offered)
    checker = build_checker(brief(offer=OFFER, autonomy=Autonomy.GROUNDED), "en")
    assert checker.accepts(checker.list_ways("signed_up")[0])
    assert not checker.accepts(said)


def test_the_template_writer_writes_the_same_with_and_without_an_offer() -> None:
    assert compose_draft(brief(offer=OFFER)) == compose_draft(brief())
