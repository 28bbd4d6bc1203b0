"""The lifecycle's campaigns in the store: installed once, begun once, one a phase, looked at in shares."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from domain.states import CAMPAIGN
from errors import BadInput
from models.actors import Actor, Channel, Role
from models.campaign import CampaignCommand, CampaignSpec
from models.clock import Clock
from models.states import CampaignState, EnrolmentState, OutreachState, Phase
from services.campaigns import rounds, sequences
from services.campaigns.choosing import enrol_chosen
from services.campaigns.cloning import clone_campaign
from services.campaigns.creation import create_campaign
from services.campaigns.definitions import decide_version, start_version, submit_version
from services.campaigns.people import list_people
from services.campaigns.steering import steer_campaign
from services.clients.why_not import explain_no_mail
from services.context import ServiceContext
from settings import Settings
from store import migrate
from store.campaigns import campaigns
from store.campaigns.sequences import list_unbegun
from store.campaigns.shipped import install_shipped, read_shipped
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import campaign_versions, outreaches, standings
from store.tables import campaigns as campaigns_table
from tests.store.conftest import NOW, REAL
from tests.store.seeds import list_waiting, seed_clients

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.PAGE)
SLUG = "lifecycle-at-risk"
SHIPPED = sorted(one.slug for one in read_shipped())


@pytest.fixture
def context(engine: Engine) -> ServiceContext:
    return ServiceContext(Settings(_env_file=None), engine, wall=lambda: REAL)


def stand_at_risk(engine: Engine, policy: ShopPolicy, *ids: str) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *ids)
        standing = {"assessment_id": "a1", "phase": Phase.AT_RISK, "phase_since": NOW, "score": 9.0, "band": "at_risk"}
        standing |= {"assessed_at": NOW, "wake_at": NOW + timedelta(days=9)}
        present = set(connection.scalars(select(standings.c.client_id)))
        for client_id in ids:
            if client_id in present:
                of_client = standings.c.client_id == client_id
                connection.execute(update(standings).where(of_client).values(phase=Phase.AT_RISK))
            else:
                connection.execute(insert(standings), standing | {"client_id": client_id})


def test_a_shop_gets_them_running_and_one_whose_name_is_taken_has_the_next(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        rows = {row.slug: row for row in campaigns.list_campaigns(connection)}
        assert sorted(rows) == SHIPPED
        assert {(row.state, row.sequence, row.version, row.ends_at) for row in rows.values()} == {
            (CampaignState.RUNNING, 1, None, None)
        }
        assert install_shipped(connection, NOW) == 0, "a shop that has any keeps what it has"
        connection.execute(delete(campaigns_table))
        connection.execute(delete(campaign_versions))
        connection.execute(text("SELECT 1"))
    create_campaign(engine, OWNER, CampaignSpec(slug=SLUG, name="Ours"), NOW, REAL, even_if_empty=True)
    with write_transaction(engine) as connection:
        assert install_shipped(connection, NOW) == len(SHIPPED)
        assert campaigns.load_campaign(connection, SLUG).spec.name == "Ours"
        assert campaigns.load_campaign(connection, f"{SLUG}-2").sequence == 1


def test_an_upgrade_installs_them_and_the_way_back_takes_them_away(empty_engine: Engine) -> None:
    from alembic import command

    with write_transaction(empty_engine) as connection:
        migrate.upgrade_to(connection, "0040")
    assert migrate.upgrade(empty_engine)
    with read_transaction(empty_engine) as connection:
        assert sorted(row.slug for row in campaigns.list_campaigns(connection)) == SHIPPED
    with write_transaction(empty_engine) as connection:
        command.downgrade(migrate.build_config(connection), "0040")
        left = "SELECT (SELECT count(*) FROM campaigns) + (SELECT count(*) FROM campaign_versions)"
        assert connection.scalar(text(left)) == 0, "the old program would mail them to everybody"


def test_the_first_worker_asks_for_their_workflows_once(context: ServiceContext) -> None:
    assert sequences.begin_sequences(context) == len(SHIPPED)
    with read_transaction(context.engine) as connection:
        assert set(SHIPPED) <= set(list_waiting(connection))
        assert list_unbegun(connection) == []
    assert sequences.begin_sequences(context) == 0


def test_after_a_resume_everybody_in_the_phase_is_looked_at_once_a_share_at_a_time(
    context: ServiceContext, policy: ShopPolicy
) -> None:
    engine = context.engine
    stand_at_risk(engine, policy, *(f"c{n:03}" for n in range(70)))
    steer_campaign(engine, OWNER, SLUG, CampaignCommand(kind="pause", reason="words"), NOW, REAL)
    with read_transaction(engine) as connection:
        signing = context.settings.keys.signing
        said = explain_no_mail(connection, "c000", context.mail_rules, signing, NOW)
    assert said == f"Not mailed now: the campaign {SLUG}, which mails this phase, is paused."
    steer_campaign(engine, OWNER, SLUG, CampaignCommand(kind="resume"), NOW, REAL)
    moved = []
    for _ in range(4):
        with write_transaction(engine) as connection:
            row = campaigns.load_campaign(connection, SLUG)
            moved.append(rounds.drain_and_enrol(context, connection, row, NOW, REAL).moved)
    assert moved == [50, 20, 0, 0], "at 600 clients a minute, in rounds of five seconds"
    with read_transaction(engine) as connection:
        row, progress = campaigns.load_campaign(connection, SLUG), campaigns.count_progress(connection, SLUG)
        assert {f"c{n:03}" for n in range(70)} <= set(list_waiting(connection))
    assert progress.enrolled == 0, "nobody has a place in it"
    assert rounds.compute_wait(row, progress, Clock(), NOW, 0) == timedelta(days=1).total_seconds()


def test_a_phase_has_one_sequence_and_a_clone_takes_over_once_it_has_ended(context: ServiceContext) -> None:
    engine = context.engine
    clone_campaign(engine, OWNER, SLUG, "drift", context.settings, NOW, REAL)
    submit_version(engine, OWNER, "drift", NOW, REAL)
    decide_version(engine, OWNER, "drift", 1, "approve", NOW, REAL)
    with pytest.raises(BadInput, match=f"entry.phase: {SLUG} mails at_risk already"):
        start_version(engine, OWNER, "drift", NOW, REAL)
    with pytest.raises(BadInput, match="nobody is put into it"):
        enrol_chosen(engine, OWNER, context.settings.keys.signing, SLUG, ["ann"], NOW, REAL)
    steer_campaign(engine, OWNER, SLUG, CampaignCommand(kind="end"), NOW, REAL)
    start_version(engine, OWNER, "drift", NOW, REAL)
    with read_transaction(engine) as connection:
        assert campaigns.load_campaign(connection, SLUG).state in CAMPAIGN.final
        row = campaigns.load_campaign(connection, "drift")
    assert (row.state, row.sequence, row.version, row.enrolled_all) == (CampaignState.RUNNING, 1, None, False)


def test_its_people_are_those_whom_it_mailed(context: ServiceContext, policy: ShopPolicy) -> None:
    stand_at_risk(context.engine, policy, "ann", "bea", "cat")
    mail = {"n": 1, "kind": "missed", "campaign": SLUG, "assessment_id": "a1", "score": 9.0, "phase": "at_risk"}
    mail |= {"reason_key": "missed:20260601T120000", "created_at": NOW, "updated_at": NOW}
    with write_transaction(context.engine) as connection:
        for client_id, state in (("ann", OutreachState.SENT), ("bea", OutreachState.PARKED)):
            connection.execute(insert(outreaches), mail | {"client_id": client_id, "state": state})
        failed = {"client_id": "cat", "state": OutreachState.FAILED, "code": "smtp_451"}
        connection.execute(insert(outreaches), mail | failed)
    found = {one.client_id: (one.state, one.entry) for one in list_people(context.engine, SLUG, NOW).people}
    key = "missed:20260601T120000"
    assert found == {
        "ann": (EnrolmentState.COMPLETED, key),
        "bea": (EnrolmentState.WAITING, key),
        "cat": (EnrolmentState.FAILED, key),
    }
    waiting = list_people(context.engine, SLUG, NOW, EnrolmentState.WAITING).people
    assert [one.client_id for one in waiting] == ["bea"]
