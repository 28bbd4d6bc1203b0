"""What code does with the sentences of a draft that no fact supports once the writer could reword them."""

from __future__ import annotations

import pytest

from agents.languages import LANGUAGES, build_checker, find_draft_faults
from agents.mending import mend_draft
from domain.facts import History, HistoryItem, state_facts
from models.mail import Autonomy, Brief, CitedSentence, EmailDraft, ItemBlurb
from tests.agents.briefs import NOW, brief

PIECE = HistoryItem(title="Linen Shirt", category="shirts", colour="navy", at=NOW)


def build(language: str = "en", **changed: str) -> tuple[EmailDraft, Brief]:
    """A draft of approved sentences in a language, but for those that are `changed`, by place."""
    history = History(signed_up_at=NOW, locale=language, last_item=PIECE)
    told = brief(locale=language, autonomy=Autonomy.GROUNDED, facts=state_facts(history, NOW))
    checker = build_checker(told, language)
    ways = checker._grammar.ways
    shown = told.items[:1]
    sentences = [
        CitedSentence(where="subject", text=ways["subject"][0]),
        CitedSentence(where="preheader", text=ways["preheader"][0]),
        CitedSentence(where="paragraphs[0]", text=checker.list_ways("signed_up")[0], facts=("signed_up",)),
        CitedSentence(where="paragraphs[1]", text=ways["paragraph"][0]),
        *(
            CitedSentence(where=f"items[{i}].text", text=checker.list_ways(fact)[0], facts=(fact,))
            for i, fact in enumerate(f"item:{item.item_id}" for item in shown)
        ),
        CitedSentence(where="call_to_action", text=ways["call_to_action"][0]),
    ]
    sentences = [s.model_copy(update={"text": changed.get(s.where, s.text)}) for s in sentences]
    texts = {s.where: s.text for s in sentences}
    draft = EmailDraft(
        subject=texts["subject"],
        preheader=texts["preheader"],
        greeting=ways["greeting"][0].format(name=told.first_name),
        paragraphs=(texts["paragraphs[0]"], texts["paragraphs[1]"]),
        items=tuple(ItemBlurb(item_id=item.item_id, text=texts[f"items[{i}].text"]) for i, item in enumerate(shown)),
        call_to_action=texts["call_to_action"],
        language=language,
        sentences=tuple(sentences),
    )
    return draft, told.model_copy(update={"items": shown})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "where", ["subject", "preheader", "paragraphs[0]", "paragraphs[1]", "items[0].text", "call_to_action"]
)
def test_a_sentence_that_nothing_supports_never_stands_and_the_others_do(language: str, where: str) -> None:
    lie = "Beatrice sends her regards"
    draft, told = build(language, **{where: lie})
    assert find_draft_faults(draft, told)
    mended = mend_draft(draft, told)
    assert mended is not None
    assert find_draft_faults(mended, told) == []
    assert lie not in mended.model_dump_json()
    own = {s.text for s in draft.sentences} - {lie}
    assert own <= {s.text for s in mended.sentences}


def test_a_draft_without_faults_stays_as_it_is() -> None:
    draft, told = build()
    assert mend_draft(draft, told) is draft


def test_what_a_sentence_rests_on_is_cited_for_it() -> None:
    draft, told = build()
    uncited = [s.model_copy(update={"facts": ()}) if s.where == "paragraphs[0]" else s for s in draft.sentences]
    mended = mend_draft(draft.model_copy(update={"sentences": tuple(uncited)}), told)
    assert mended is not None
    assert [s.facts for s in mended.sentences if s.where == "paragraphs[0]"] == [("signed_up",)]


@pytest.mark.parametrize("unsafe", ["Have a look at www.evil.example right away.", "Write to eve@evil.example."])
def test_a_draft_with_anything_unsafe_is_not_mended(unsafe: str) -> None:
    draft, told = build(**{"paragraphs[1]": unsafe})
    assert mend_draft(draft, told) is None


def test_a_draft_that_would_be_mostly_code_s_is_not_mended() -> None:
    places = ("subject", "preheader", "paragraphs[0]", "paragraphs[1]")
    draft, told = build(**dict.fromkeys(places, "A hundred clients chose it."))
    assert mend_draft(draft, told) is None
