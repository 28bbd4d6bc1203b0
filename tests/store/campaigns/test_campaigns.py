"""Enrolment: who is mailed, who is held out, and that the counts add up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, delete, select

from domain.enrolment import record_arm
from domain.holdouts import assign_arm
from errors import BadInput
from ingest.faults import parse_model
from models.campaign import CampaignChange, CampaignSpec
from models.states import Arm, CampaignState, EnrolmentState
from services.campaigns import enrolment as enrolling
from store.campaigns import campaigns
from store.campaigns import enrolments as stored
from store.campaigns.enrolments import QueuedEnrolment
from store.database import write_transaction
from store.mail import mail_facts
from store.mail.policy import ShopPolicy
from store.tables import enrolments
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients

MANY = [f"c{n:03}" for n in range(200)]


def spring(connection: Connection, **fields: object) -> CampaignSpec:
    spec = CampaignSpec.model_validate({"slug": "spring", "name": "Spring", **fields})
    campaigns.create_campaign(connection, spec, NOW)
    return spec


def enrol_all(connection: Connection, slug: str = "spring") -> list[str]:
    client_ids: list[str] = []
    while not (row := campaigns.load_campaign(connection, slug)).enrolled_all:
        client_ids += enrolling.enrol_next(connection, row, 37, NOW).mailed
    return client_ids


def test_a_tenth_is_held_out_and_is_told_nothing(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *MANY)
        seed_clients(connection, policy, "no1", "no2", consent=False)
        assert spring(connection).control_share == 0.1
        client_ids = enrol_all(connection)
        rows = connection.execute(select(enrolments)).all()
        progress = campaigns.count_progress(connection, "spring")
    control = {client for client in MANY if assign_arm("spring", client, 0.1) is Arm.CONTROL}
    assert 5 <= len(control) <= 40
    assert set(client_ids) == set(MANY) - control
    assert {row.client_id for row in rows if row.state == EnrolmentState.HELD_OUT} == control
    assert {row.client_id for row in rows if row.arm == Arm.CONTROL} == control
    neither = {(row.client_id, row.state, row.code) for row in rows if row.arm == Arm.NEITHER}
    assert neither == {("no1", "dropped", "no_consent"), ("no2", "dropped", "no_consent")}
    assert {row.enrolled_at for row in rows} == {NOW}
    assert progress.enrolled == 202 == progress.pending + progress.held_out + progress.dropped
    assert progress.held_out == len(control)


def test_a_preview_counts_whom_the_campaign_then_enrols(
    engine: Engine, policy: ShopPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolling, "PREVIEW_BATCH", 37)
    spec = CampaignSpec.model_validate({"slug": "spring", "name": "Spring", "control_share": 0.3})
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *MANY)
        seed_clients(connection, policy, "no1", consent=False)
        foretold = enrolling.count_audience(connection, spec, NOW)
        assert connection.execute(select(enrolments)).all() == []
        campaigns.create_campaign(connection, spec, NOW)
        client_ids = enrol_all(connection)
        held = campaigns.count_progress(connection, "spring").held_out
    assert foretold == {Arm.TREATED: len(client_ids), Arm.CONTROL: held, Arm.NEITHER: 1}


def test_a_campaign_enrolled_anew_holds_out_the_same_clients(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *MANY)
        spring(connection, control_share=0.3)
        first = enrol_all(connection)
        connection.execute(delete(enrolments))
        campaigns.update_campaign(connection, "spring", NOW, cursor="", enrolled_all=False)
        assert enrol_all(connection) == first
        assert campaigns.count_progress(connection, "spring").enrolled == len(MANY)


def test_what_holds_a_client_out_is_told_until_it_ends(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *MANY)
        spring(connection, control_share=0.5)
        out = set(MANY) - set(enrol_all(connection))
        one = min(out)
        assert mail_facts.list_holdouts(connection, one) == ("spring",)
        assert mail_facts.list_holdouts(connection, min(set(MANY) - out)) == ()
        campaigns.move_campaign(connection, "spring", CampaignState.ENDED, NOW)
        assert mail_facts.list_holdouts(connection, one) == ()


@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_no_more_than_half_may_be_held_out(share: float) -> None:
    with pytest.raises(BadInput, match="control_share"):
        parse_model(CampaignSpec, {"slug": "a", "name": "A", "control_share": share})


@pytest.mark.parametrize("field", ["control_share", "window_days"])
def test_the_arms_of_a_campaign_stay_as_they_were_created(field: str) -> None:
    with pytest.raises(BadInput, match=f"{field} stays as the campaign was created with"):
        parse_model(CampaignChange, {field: 1, "priority": 3})


def test_no_campaign_takes_the_name_of_the_shop_s_own_comparison(engine: Engine) -> None:
    with write_transaction(engine) as connection, pytest.raises(BadInput, match="re-engagement is the shop's own"):
        campaigns.create_campaign(connection, CampaignSpec(slug="re-engagement.0.1", name="A"), NOW)


def test_a_side_is_kept_from_the_first_time_on(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        for side, at in ((Arm.CONTROL, NOW), (Arm.TREATED, NOW + timedelta(days=7))):
            stored.save_enrolments(connection, "re-engagement.0.1", "1", [record_arm("ann", side)], at)
        row = connection.execute(select(enrolments)).one()
    assert (row.arm, row.state, row.enrolled_at) == ("control", "held_out", NOW)


def test_an_ended_campaign_stays_ended_and_a_dropped_enrolment_dropped(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        spring(connection, control_share=0)
        enrol_all(connection)
        assert campaigns.move_campaign(connection, "spring", CampaignState.ENDED, NOW)
        for state in CampaignState:
            assert not campaigns.move_campaign(connection, "spring", state, NOW)
        assert campaigns.load_campaign(connection, "spring").state is CampaignState.ENDED
        stored.drop_campaign_pending(connection, "spring", NOW)
        stored.mark_queued(connection, [QueuedEnrolment("spring", "ann", "campaign:spring:1", 1)], NOW)
        assert connection.scalars(select(enrolments.c.state)).all() == [EnrolmentState.DROPPED]
