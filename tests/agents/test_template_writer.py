"""The house writer keeps every rule whatever it is given, says something true, and does not repeat itself."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents import template_writer
from agents.languages import LANGUAGES, build_checker, find_draft_faults
from agents.template_copy import FACTS, LanguageCopy, load_copy
from domain.facts import CODES, History, HistoryItem, state_facts
from domain.grounding import BriefSupport, find_text_faults, find_violations
from models.mail import Autonomy, Brief, Fact
from models.states import TouchKind
from tests.agents.briefs import NOW, brief, briefs, histories

slowly = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(briefs)
@slowly
def test_a_house_draft_keeps_every_rule(given_brief: Brief) -> None:
    draft = template_writer.compose_draft(given_brief)
    assert find_violations(draft, given_brief) == []
    assert len(draft.items) <= len(given_brief.items)


@given(histories, st.sampled_from(TouchKind), st.integers(1, 30))
@slowly
def test_every_mail_states_a_fact_of_the_client(history, kind, n) -> None:
    given_brief = brief(facts=state_facts(history, NOW), kind=kind, n=n)
    text = " ".join(template_writer.compose_draft(given_brief).paragraphs)
    assert any(fact.text in text for fact in given_brief.facts)


def test_a_client_who_only_joined_is_told_so() -> None:
    joined = Fact(code="signed_up", text="You joined us on 2 January 2025.")
    draft = template_writer.compose_draft(brief(kind=TouchKind.WELCOME, facts=(joined,)))
    assert "You joined us on 2 January 2025." in draft.paragraphs[-1]


def test_the_same_brief_gives_the_same_draft() -> None:
    assert template_writer.compose_draft(brief()) == template_writer.compose_draft(brief())


@pytest.mark.parametrize("kind", list(TouchKind))
def test_mails_of_one_kind_do_not_all_read_the_same(kind) -> None:
    drafts = [template_writer.compose_draft(brief(kind=kind, client_id=f"c-{i}")) for i in range(60)]
    assert len({draft.subject for draft in drafts}) >= 3
    assert len({draft.paragraphs for draft in drafts}) >= 6


def test_the_three_angles_of_re_engagement_differ() -> None:
    kinds = (TouchKind.MISSED, TouchKind.NEW_IN, TouchKind.STYLIST)
    drafts = [template_writer.compose_draft(brief(kind=kind)) for kind in kinds]
    for one, other in pairwise([*drafts, drafts[0]]):
        assert one.subject != other.subject
        assert set(one.paragraphs[0].split(". ")).isdisjoint(other.paragraphs[0].split(". "))
    for kind, next_kind in pairwise([*kinds, kinds[0]]):
        own, others = load_copy("en").kinds[kind], load_copy("en").kinds[next_kind]
        assert set(own.openings + own.bridges).isdisjoint(others.openings + others.bridges)


def test_a_campaign_is_carried_in_the_owners_words() -> None:
    message = "The linen collection has arrived. Until Sunday, delivery is free."
    draft = template_writer.compose_draft(brief(kind=TouchKind.CAMPAIGN, message=message))
    assert "The linen collection has arrived" in (draft.subject, draft.preheader)
    assert draft.paragraphs[0] == message


def test_a_campaign_s_subjects_differ_and_each_mail_tells_the_headline_first() -> None:
    message = "New linen is here. Until Sunday, delivery is free."
    campaign = brief(kind=TouchKind.CAMPAIGN, message=message)
    drafts = [template_writer.compose_draft(campaign.model_copy(update={"client_id": f"c-{i}"})) for i in range(40)]
    subjects = {draft.subject for draft in drafts}
    assert len(subjects) >= 3 * len(campaign.items)
    assert all(any(item.title in subject for item in campaign.items) for subject in subjects)
    assert all("New linen is here" in f"{draft.subject} {draft.preheader}" for draft in drafts)
    alone = template_writer.compose_draft(campaign.model_copy(update={"items": ()}))
    assert alone.subject == "New linen is here"


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_a_reason_of_a_pick_is_said_in_the_mail_s_language(language: str) -> None:
    told = brief(locale=language, kind=TouchKind.MISSED)
    reasons = load_copy(language).reasons
    assert len(reasons) == 9
    for why, said in reasons.items():
        items = tuple(item.model_copy(update={"why": f"in the bold style you chose, {why}"}) for item in told.items)
        draft = template_writer.compose_draft(told.model_copy(update={"items": items}))
        assert [blurb.text for blurb in draft.items] == [said] * len(items)


def test_a_sentence_of_the_message_that_may_not_be_mailed_is_left_out() -> None:
    message = "The linen collection has arrived. See it at www.evil.example now. Wear it soon."
    draft = template_writer.compose_draft(brief(kind=TouchKind.CAMPAIGN, message=message))
    assert draft.paragraphs[0] == "The linen collection has arrived. Wear it soon."


def test_no_name_means_no_name() -> None:
    assert template_writer.compose_draft(brief(first_name="")).greeting == "Hello,"
    assert template_writer.compose_draft(brief(first_name="<b>Bob</b> www.evil.com")).greeting == "Hello,"
    assert template_writer.compose_draft(brief(first_name="ANA MARÍA")).greeting == "Hello Ana María,"


def test_the_quiz_mail_asks_for_the_quiz_and_shows_no_items() -> None:
    draft = template_writer.compose_draft(brief(kind=TouchKind.QUIZ))
    assert draft.items == ()
    assert "quiz" in " ".join(draft.paragraphs).lower()


def test_without_picks_no_pieces_are_spoken_of() -> None:
    drafts = [template_writer.compose_draft(brief(items=(), client_id=f"c-{i}")) for i in range(20)]
    assert {draft.call_to_action for draft in drafts} == set(load_copy("en").without_items.actions)
    assert {draft.paragraphs[0] for draft in drafts} == set(load_copy("en").without_items.openings)


def test_the_reason_for_an_item_is_its_blurb() -> None:
    item = brief().items[0].model_copy(update={"why": "close to what you have chosen before"})
    assert template_writer.compose_draft(brief(items=(item,))).items[0].text == "Close to what you have chosen before."


def list_lines(copy: LanguageCopy) -> list[str]:
    kinds = [*copy.kinds.values(), copy.without_items]
    links = [line for lines in copy.links.values() for line in lines]
    return [line for kind in kinds for part in kind[1:] for line in part] + links


def test_the_approved_copy_itself_keeps_the_rules() -> None:
    ground = BriefSupport.from_brief(brief())
    lines = list_lines(load_copy("en"))
    assert len(lines) > 100
    assert {
        line: faults for line in lines if (faults := list(find_text_faults(line.format(shop="X"), "x", ground)))
    } == {}


def test_every_kind_has_copy_and_names_only_facts_that_there_are() -> None:
    assert set(FACTS) == set(TouchKind)
    assert {code for facts in FACTS.values() for code in facts} | set(load_copy("en").links) <= set(CODES)
    assert all("signed_up" in facts for facts in FACTS.values())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_subject_names_a_piece_of_the_mail_and_is_not_that_of_the_last_mails(language: str) -> None:
    about = brief(locale=language, kind=TouchKind.MISSED)
    subjects: tuple[str, ...] = ()
    for n in range(6):
        subject = template_writer.compose_draft(about.model_copy(update={"n": n, "subjects": subjects})).subject
        assert any(item.title in subject for item in about.items)
        assert len(subject) <= 50
        subjects = (*subjects, subject)
    assert len(set(subjects)) == 6


def test_a_subject_names_what_the_client_bought_only_where_they_did() -> None:
    subjects = {template_writer.compose_draft(brief(client_id=f"c-{i}")).subject for i in range(40)}
    assert "After your Linen Shirt: the Silk Scarf" in subjects
    joined = Fact(code="signed_up", text="You joined us on 2 January 2025.")
    others = {template_writer.compose_draft(brief(client_id=f"c-{i}", facts=(joined,))).subject for i in range(40)}
    assert not any("your" in subject for subject in others)


OTHERS = sorted(set(LANGUAGES) - {"en"})


@pytest.mark.parametrize("language", OTHERS)
def test_each_language_has_as_much_copy_as_english_and_it_fits_a_mail(language: str) -> None:
    own, english = load_copy(language), load_copy("en")
    assert {kind: [len(part) for part in copy] for kind, copy in own.kinds.items()} == {
        kind: [len(part) for part in copy] for kind, copy in english.kinds.items()
    }
    assert all(len(line.format(shop="x" * 30)) <= 70 for copy in own.kinds.values() for line in copy.subjects)
    assert all(len(line) <= 40 for copy in own.kinds.values() for line in copy.actions)
    assert len({*list_lines(own)} & {*list_lines(english)}) == 0


@given(briefs, st.sampled_from(OTHERS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_draft_in_any_language_says_only_what_is_approved(given_brief: Brief, language: str) -> None:
    shown = given_brief.model_copy(update={"locale": language, "message": "", "autonomy": Autonomy.APPROVED})
    draft = template_writer.compose_draft(shown)
    assert draft.language == language
    assert find_draft_faults(draft, shown) == []
    changed = draft.model_copy(update={"paragraphs": (*draft.paragraphs[:-1], f"{draft.paragraphs[-1]} Gratis.")})
    assert find_draft_faults(changed, shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_way_to_say_a_fact_is_one_that_may_be_said(language: str) -> None:
    piece = HistoryItem(title="Linen Shirt", category="shirts", colour="navy", at=NOW)
    history = History(
        signed_up_at=NOW, locale=language, sizes=("M",), quiz_styles=("classic",), quiz_colours=("navy", "grey"),
        orders=3, last_order_at=NOW, favourite_category="shirts", last_item=piece, kept=piece, wished=piece,
        viewed=piece, arrived="Linen Shirt",
    )  # fmt: skip
    told = brief(locale=language, facts=state_facts(history, NOW))
    checker = build_checker(told, language)
    ids = [*(fact.code for fact in told.facts), *(f"item:{item.item_id}" for item in told.items)]
    ways = [way for fact_id in ids for way in checker.list_ways(fact_id)]
    assert len(ways) >= len(ids)
    assert [way for way in ways if not checker.accepts(way)] == []


@pytest.mark.parametrize(
    ("language", "fact"),
    [
        ("de", "Ihre letzte Bestellung enthielt: Linen Shirt."),
        ("fr", "Votre dernière commande comprenait : Linen Shirt."),
        ("es", "Tu último pedido incluía: Linen Shirt."),
        ("ar", "شمل طلبك الأخير: Linen Shirt."),
    ],
)
def test_a_client_reads_of_their_order_in_their_own_language(language: str, fact: str) -> None:
    draft = template_writer.compose_draft(brief(locale=language, kind=TouchKind.MISSED))
    assert fact in draft.paragraphs[-1]
    assert len({blurb.text for blurb in draft.items}) == len(draft.items)


def test_words_of_the_shops_own_language_are_not_put_into_another() -> None:
    taste = Fact(code="favourite_category", text="You order knitwear more than anything else.", words=("knitwear",))
    joined = Fact(code="signed_up", text="You joined us on 2 January 2025.", day=date(2025, 1, 2), dated=True)
    draft = template_writer.compose_draft(brief(locale="es-MX", facts=(taste, joined)))
    assert "Te uniste a nosotros el 2 de enero de 2025." in draft.paragraphs[-1]


def test_a_language_without_copy_and_an_owners_message_are_written_in_the_shops() -> None:
    assert template_writer.compose_draft(brief(locale="it")).language == "en"
    spring = brief(locale="de", kind=TouchKind.CAMPAIGN, message="The linen collection has arrived.")
    assert template_writer.compose_draft(spring).language == "en"
