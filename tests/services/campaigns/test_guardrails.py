"""Guardrails pause a campaign by themselves, with the reason; each metric says its own in one sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert

from domain.mail_metrics import MIN_MAILS, MailCounts, find_breach, judge_mails
from models.actors import SYSTEM, SubjectKind
from models.campaign import CampaignCommand, CampaignProgress
from models.guardrails import Guardrails
from models.states import CampaignState
from services.campaigns.guardrails import pause_beyond_limits
from services.campaigns.steering import steer_campaign
from store.activity import list_activities
from store.campaigns import campaigns, mail_counts
from store.database import read_transaction, write_transaction
from store.tables import events, outreaches
from tests.services.campaigns.test_finishing import OWNER, create
from tests.store.conftest import NOW, REAL
from tests.store.seeds import seed_clients

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def mailed(engine: Engine, policy: Any) -> Engine:
    """A campaign with 200 mails: two complaints, three hard bounces, a soft one, a person's and a machine's click, one
    opt-out."""
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
    create(engine)
    odd = {0: "complained", 1: "complained", 2: "bounced", 3: "bounced", 4: "bounced", 5: "bounced"}
    codes = {2: "hard_5.1.1", 3: "hard", 4: "hard_5.1.1", 5: "soft_4.2.2"}
    mail = {"kind": "campaign", "campaign": "spring", "assessment_id": "a1", "score": 50.0, "phase": "active", "n": 1}
    mail |= {"reason_key": "campaign:spring:1", "created_at": NOW, "updated_at": NOW, "sent_at": NOW}
    clicks = ((10, "email_clicked", None), (11, "email_clicked", True), (10, "email_clicked", None))
    with write_transaction(engine) as connection:
        ends = [{"client_id": f"c{k}", "state": odd.get(k, "sent"), "code": codes.get(k, "")} for k in range(200)]
        rows = [mail | end for end in ends]
        connection.execute(insert(outreaches), rows)
        for number, (k, kind, machine) in enumerate((*clicks, (12, "unsubscribed", None))):
            data = {"outreach": f"c{k}.1"} | ({"machine": True} if machine else {})
            row = {"event_id": f"e{number}", "client_id": f"c{k}", "type": kind, "occurred_at": NOW, "data": data}
            connection.execute(insert(events).values(**row))
    return engine


def look(engine: Engine) -> CampaignProgress:
    with write_transaction(engine) as connection:
        pause_beyond_limits(connection, SYSTEM, campaigns.load_campaign(connection, "spring"), LATER, REAL)
        return campaigns.count_progress(connection, "spring")


def test_what_came_of_the_mails_is_counted(mailed: Engine) -> None:
    with read_transaction(mailed) as connection:
        counts = mail_counts.count_mails(connection, "spring")
        assert mail_counts.count_mails(connection, "spring", LATER) == MailCounts()
    assert counts == MailCounts(200, 196, 3, 2, 1, 1)


def test_complaints_pause_it_with_the_reason_and_a_resume_begins_to_count_again(mailed: Engine) -> None:
    assert look(mailed).state is CampaignState.PAUSED
    with read_transaction(mailed) as connection:
        reason = campaigns.load_campaign(connection, "spring").reason
        logged = list_activities(connection, SubjectKind.CAMPAIGN, "spring")[0]
    assert reason == "guardrail: 2 complaints of 196 mails, 1.02%; the limit is 0.10%"
    assert (logged.actor.who, logged.data) == ("selvedge", {"guardrail": "complaints"})
    steer_campaign(mailed, OWNER, "spring", CampaignCommand(kind="resume"), LATER, REAL)
    assert look(mailed).state is CampaignState.RUNNING, "the mails before the resume are known"


def test_a_limit_is_changed_alone_or_switched_off(mailed: Engine) -> None:
    order = CampaignCommand(kind="adjust", change={"guardrails": {"complaints": None, "hard_bounces": 0.5}})
    steer_campaign(mailed, OWNER, "spring", order, NOW, REAL)
    assert look(mailed).state is CampaignState.RUNNING
    order = CampaignCommand(kind="adjust", change={"guardrails": {"hard_bounces": 0.01}})
    said = steer_campaign(mailed, OWNER, "spring", order, NOW, REAL).said
    assert said == ("the guardrails hold from the next round on",)
    assert look(mailed).state is CampaignState.PAUSED
    with read_transaction(mailed) as connection:
        kept = campaigns.load_campaign(connection, "spring").spec.guardrails
    assert kept == Guardrails(complaints=None, hard_bounces=0.01)


@given(st.integers(0, 5_000), st.integers(0, 400))
def test_no_sentence_claims_more_than_its_interval(of: int, count: int) -> None:
    counts = MailCounts(tried=of, delivered=of, complaints=min(count, of))
    metric = judge_mails(counts, Guardrails())[2]
    assert metric.limit == 0.001
    assert metric.low - 1e-9 <= (metric.count / of if of else 0.5) <= metric.high + 1e-9
    sure = metric.low > metric.limit or metric.high < metric.limit
    assert ("beyond chance" in metric.said) == (sure and of >= MIN_MAILS)
    assert (find_breach(counts, Guardrails()) is not None) == (metric.count >= 2 and metric.count > 0.001 * of)
