"""The desk, on both databases: who may, who was first, which words pass, and what is alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Final

import pytest
from sqlalchemy import Engine, select

from domain.draft_sentences import list_sentences
from domain.timing import MailRules
from errors import BadInput, NotAllowed, NotFound, Taken
from models.actors import Actor, Channel, Role
from models.drafts import DraftCheck, DraftDecision, DraftEdit, DraftStage, DraftVerdict, HoldReason, SentenceChange
from models.mail import EmailDraft
from models.outreach import OutreachStep
from services.context import ServiceContext
from services.review.claims import claim_draft, release_draft
from services.review.decisions import decide_draft
from services.review.edits import check_draft, edit_draft
from services.review.lists import list_drafts, show_draft
from services.review.reminders import look_after_draft
from settings import Settings
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import outbox, outreaches
from tests.store.conftest import NOW, REAL
from tests.store.seeds import seed_clients
from tests.support.desk import load_state, put_draft

LEASE: Final = timedelta(minutes=15)
ANYTIME: Final = MailRules(quiet_from_hour=0, quiet_until_hour=0)
APPROVE: Final = DraftDecision(verdict=DraftVerdict.APPROVE)
REJECT: Final = DraftDecision(verdict=DraftVerdict.REJECT, reason="dull")


def build_person(who: str, role: Role = Role.STYLIST) -> Actor:
    return Actor(who=who, role=role, channel=Channel.PAGE)


EVE, ANN = build_person("eve"), build_person("ann")


@pytest.fixture
def desk(engine: Engine, policy: ShopPolicy) -> Engine:
    """Three mails of one text but for a name, two of them of a campaign."""
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "c1", "c2", "c3")
        put_draft(connection, "c1")
        put_draft(connection, "c2", campaign="spring", why=HoldReason.ALL)
        put_draft(connection, "c3", campaign="spring", first_name="Bea", why=HoldReason.ALL)
    return engine


def decide(engine: Engine, who: Actor, draft_id: str, decision: DraftDecision = APPROVE) -> tuple[str, ...]:
    return decide_draft(engine, who, ANYTIME, draft_id, decision, NOW, REAL).decided


def edit(engine: Engine, who: Actor, draft_id: str, number: int, text: str, version: str | None = None) -> EmailDraft:
    changes = (SentenceChange(sentence=number, text=text),)
    edit_draft(engine, who, draft_id, DraftEdit(changes=changes, version=version), NOW, REAL)
    with read_transaction(engine) as connection:
        client_id, _, n = draft_id.partition(":")
        own = (outreaches.c.client_id == client_id) & (outreaches.c.n == int(n))
        return EmailDraft.model_validate(connection.scalar(select(outreaches.c.draft).where(own)))


def find_paragraph(engine: Engine, draft_id: str) -> int:
    sentences = show_draft(engine, draft_id).sentences
    return next(sentence.number for sentence in sentences if sentence.where == "paragraphs[0]")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.STYLIST, Role.MARKETER, Role.OPERATOR, Role.OWNER}))
def test_a_role_that_may_not_is_refused_each_change(desk: Engine, role: Role) -> None:
    nobody = build_person("vic", role)
    with pytest.raises(NotAllowed, match=r"mail\.claim"):
        claim_draft(desk, nobody, "c1:1", "", LEASE, NOW, REAL)
    with pytest.raises(NotAllowed, match=r"mail\.edit"):
        edit(desk, nobody, "c1:1", 1, "A few pieces")
    with pytest.raises(NotAllowed, match=r"mail\.decide"):
        decide(desk, nobody, "c1:1")
    with read_transaction(desk) as connection:
        assert list_activities(connection) == []
        assert load_state(connection, "c1")[0] == "awaiting_person"


def test_an_approved_draft_is_sent_and_a_rejected_one_is_not(desk: Engine) -> None:
    assert [entry.draft_id for entry in list_drafts(desk).drafts] == ["c1:1", "c2:1", "c3:1"]
    assert decide(desk, EVE, "c1:1") == decide(desk, EVE, "c1:1") == ("c1:1",), "the same again changes nothing"
    decide(desk, build_person("mo", Role.MARKETER), "c2/1", REJECT)
    with read_transaction(desk) as connection:
        assert load_state(connection, "c1") == ("scheduled", "approved_by_person")
        assert load_state(connection, "c2") == ("rejected", "rejected_by_person")
        assert [row.action for row in list_activities(connection)] == ["mail.decide", "mail.decide"]
        targets = connection.execute(select(outbox.c.kind, outbox.c.target).order_by(outbox.c.target)).all()
    assert targets == [("mail", "c1:1"), ("mail", "c2:1")], "their workflows are to look"
    assert (list_drafts(desk).waiting, len(list_drafts(desk, waiting=False).drafts)) == (1, 2)
    rejected = show_draft(desk, "c2:1")
    assert (rejected.decided_by, rejected.reason, rejected.verdict) == ("mo", "dull", "reject")


def test_the_second_of_two_is_told_who_decided_and_when(desk: Engine) -> None:
    decide(desk, EVE, "c1:1")
    with pytest.raises(Taken, match=r"eve approved this draft at 2026-06-01 12:00 UTC"):
        decide(desk, ANN, "c1:1", REJECT)
    with pytest.raises(Taken, match="eve approved"):
        edit(desk, ANN, "c1:1", 1, "A few pieces")


def test_of_many_at_once_one_decides(desk: Engine) -> None:
    def attempt(who: str) -> str:
        try:
            return who if decide(desk, build_person(who), "c1:1", REJECT if who < "p4" else APPROVE) else ""
        except Taken as taken:
            return str(taken)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attempt, [f"p{k}" for k in range(8)]))
    (winner,) = [answer for answer in told if answer.startswith("p")]
    assert sum(f"{winner} " in answer for answer in told) == 7
    assert show_draft(desk, "c1:1").decided_by == winner


def test_a_claim_keeps_others_out_until_it_ends(desk: Engine) -> None:
    entry = claim_draft(desk, EVE, "c1:1", "", LEASE, NOW, REAL)
    assert (entry.claimed_by, entry.claimed_until) == ("eve", REAL + LEASE)
    for act in (partial(decide, desk, ANN, "c1:1"), partial(edit, desk, ANN, "c1:1", 1, "A few pieces")):
        with pytest.raises(Taken, match=r"eve works on this draft until 09:15 UTC"):
            act()
    claim_draft(desk, ANN, "c1:1", "", LEASE, NOW, REAL + LEASE)
    assert not release_draft(desk, EVE, "c1:1", "")
    with pytest.raises(Taken, match="ann works on"):
        decide(desk, EVE, "c1:1")
    assert release_draft(desk, ANN, "c1:1", "")
    assert decide(desk, EVE, "c1:1")


def test_a_wrong_edit_is_refused_with_the_word_and_a_right_one_stands(desk: Engine) -> None:
    number, version = find_paragraph(desk, "c1:1"), show_draft(desk, "c1:1").version
    with pytest.raises(BadInput, match=rf"paragraphs\[0\]: sentence {number}: .*\(free\)"):
        edit(desk, EVE, "c1:1", number, "The coat is free for you.")
    changed = edit(desk, EVE, "c1:1", number, "You joined us on 2 January 2025.", version)
    assert changed.paragraphs[0].startswith("You joined us")
    shown = show_draft(desk, "c1:1")
    assert (shown.composed_by, [e.by for e in shown.edits], shown.state) == ("person", ["eve"], "awaiting_person")
    with pytest.raises(BadInput, match="version: the text was changed meanwhile"):
        edit(desk, EVE, "c1:1", number, "You have ordered from us three times.", version)
    with pytest.raises(BadInput, match="version"):
        decide(desk, EVE, "c1:1", APPROVE.model_copy(update={"version": version}))
    assert decide(desk, EVE, "c1:1", APPROVE.model_copy(update={"version": shown.version}))


def test_a_check_tells_faults_and_saves_nothing(desk: Engine) -> None:
    before, number = show_draft(desk, "c1:1"), find_paragraph(desk, "c1:1")
    changes = (SentenceChange(sentence=number, text="Have a look at www.evil.example now."),)
    result = check_draft(desk, "c1:1", DraftCheck(changes=changes))
    assert {(fault.sentence, fault.code) for fault in result.faults} >= {(number, "link")}
    assert result.sentences[number - 1].text.startswith("Have a look")
    assert check_draft(desk, "c1:1", DraftCheck()).faults == ()
    assert show_draft(desk, "c1:1") == before
    for wrong, match in ((SentenceChange(sentence=99, text="x"), "no sentence 99"),
                         (SentenceChange(sentence=1, text=""), "subject")):  # fmt: skip
        with pytest.raises(BadInput, match=match):
            check_draft(desk, "c1:1", DraftCheck(changes=(wrong,)))


def test_a_sentence_without_words_goes(desk: Engine) -> None:
    before = show_draft(desk, "c1:1")
    last = next(sentence for sentence in reversed(before.sentences) if sentence.where.startswith("paragraphs"))
    after = edit(desk, EVE, "c1:1", last.number, "")
    left = [sentence.text for sentence in before.sentences if sentence.number != last.number]
    assert [sentence.text for sentence in list_sentences(after)] == left


def test_alike_are_those_of_one_campaign_and_text_whatever_the_name(desk: Engine) -> None:
    assert {entry.draft_id: entry.alike for entry in list_drafts(desk).drafts} == {"c1:1": 1, "c2:1": 2, "c3:1": 2}
    claim_draft(desk, ANN, "c3:1", "", LEASE, NOW, REAL)
    alike = APPROVE.model_copy(update={"alike": True})
    done = decide_draft(desk, EVE, ANYTIME, "c2:1", alike, NOW, REAL)
    assert (done.decided, list(done.left)) == (("c2:1",), ["c3:1"])
    assert "ann works on" in done.left["c3:1"]
    release_draft(desk, ANN, "c3:1", "")
    assert decide(desk, EVE, "c2:1", alike) == ("c2:1", "c3:1"), "the same again takes what was left"
    with read_transaction(desk) as connection:
        assert load_state(connection, "c1")[0] == "awaiting_person", "of no campaign"


def test_all_alike_are_approved_at_once(desk: Engine) -> None:
    assert decide(desk, EVE, "c3:1", APPROVE.model_copy(update={"alike": True})) == ("c3:1", "c2:1")
    assert show_draft(desk, "c2:1").decided_by == "eve"


def test_a_draft_that_waits_is_brought_to_mind_then_escalated_then_rejected(desk: Engine) -> None:
    settings = Settings(_env_file=None)
    for hours, stage, next_hours in ((0, "fresh", 4), (4, "reminded", 24), (24, "escalated", 168)):
        context = ServiceContext(settings, desk, wall=lambda: NOW)
        done = look_after_draft(context, OutreachStep(client_id="c1", n=1, at=NOW + timedelta(hours=hours)))
        assert (show_draft(desk, "c1:1").stage, done.next_at) == (stage, NOW + timedelta(hours=next_hours))
    ended = look_after_draft(context, OutreachStep(client_id="c1", n=1, at=NOW + timedelta(days=7)))
    assert (ended.state, ended.code) == ("rejected", "nobody_decided")
    assert show_draft(desk, "c2:1").stage is DraftStage.FRESH


def test_an_unknown_draft_is_not_found(desk: Engine) -> None:
    for draft_id in ("c1:2", "nobody:1", "c1", "c1:0"):
        with pytest.raises(NotFound, match="draft_id"):
            show_draft(desk, draft_id)
