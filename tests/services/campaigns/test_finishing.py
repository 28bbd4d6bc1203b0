"""A campaign takes in who joins later, finishes by itself, says so, and names whoever waits, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from domain.outreach import SETTLED
from errors import BadInput
from models.actors import SYSTEM, Actor, Channel, Role, SubjectKind
from models.campaign import CampaignCommand, CampaignProgress, CampaignSpec
from models.campaign_people import RetryOrder
from models.clock import Clock
from models.states import CampaignState, EnrolmentState, OutreachState
from services.campaigns import finishing, rounds
from services.campaigns.creation import create_campaign
from services.campaigns.people import list_people, retry_people
from services.campaigns.steering import steer_campaign
from services.context import ServiceContext
from settings import Settings
from store.activity import list_activities
from store.campaigns import campaigns
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import campaigns as campaigns_table
from store.tables import clients, enrolments, outreach_steps, outreaches
from tests.store.conftest import NOW, REAL
from tests.store.seeds import list_waiting, seed_clients

OWNER = Actor(who="olga", role=Role.MARKETER, channel=Channel.PAGE)
LATER = NOW + timedelta(hours=2)


def create(engine: Engine, slug: str = "spring", *, even_if_empty: bool = False, **fields: Any) -> CampaignProgress:
    spec = CampaignSpec.model_validate(
        {"slug": slug, "name": "Spring", "control_share": 0, "throughput_per_minute": 600, **fields}
    )
    return create_campaign(engine, OWNER, spec, NOW, REAL, even_if_empty=even_if_empty)


def run_round(engine: Engine, now: datetime, slug: str = "spring") -> CampaignProgress:
    """One round of the campaign, as its workflow asks for it."""
    with write_transaction(engine) as connection:
        row = finishing.finish_in_time(connection, SYSTEM, campaigns.load_campaign(connection, slug), now, REAL)
        if row.state is CampaignState.RUNNING:
            rounds.drain_and_enrol(ServiceContext(Settings(_env_file=None), engine), connection, row, now, REAL)
        return campaigns.count_progress(connection, slug)


def put_mail(connection: Connection, client_id: str, state: OutreachState, **fields: Any) -> None:
    """A mail of the campaign for a client who is in it."""
    mail = {"client_id": client_id, "n": 1, "kind": "campaign", "campaign": "spring", "assessment_id": "a1"}
    mail |= {"reason_key": "campaign:spring:1", "score": 50.0, "phase": "active", "state": state}
    connection.execute(insert(outreaches).values(**mail | {"created_at": NOW, "updated_at": NOW} | fields))
    of_client = update(enrolments).where(enrolments.c.client_id == client_id)
    place = EnrolmentState.COMPLETED if state in SETTLED else EnrolmentState.IN_STEP
    connection.execute(of_client.values(state=place, n=1))


@pytest.fixture
def shop(engine: Engine, policy: ShopPolicy) -> Engine:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bea", "cat", "dan", "eve")
    return engine


def test_who_joins_later_enters_while_it_runs_and_nobody_enters_twice(shop: Engine, policy: ShopPolicy) -> None:
    create(shop)
    assert run_round(shop, NOW).enrolled == 5
    with write_transaction(shop) as connection:
        seed_clients(connection, policy, "abe", "zoe")  # one before and one after whom the cursor stands
    assert run_round(shop, NOW).enrolled == 5, "it looks every hour"
    assert run_round(shop, LATER).enrolled == 7
    assert run_round(shop, LATER + timedelta(hours=2)).enrolled == 7
    with read_transaction(shop) as connection:
        row = campaigns.load_campaign(connection, "spring")
        progress = campaigns.count_progress(connection, "spring")
    assert rounds.compute_wait(row, progress, Clock(), row.looked_at or NOW, 0) == rounds.WATCH_S
    progress = progress.model_copy(update={"pending": 0})
    assert rounds.compute_wait(row, progress, Clock(), row.looked_at or NOW, 0) == 3_600


def test_it_finishes_by_itself_stops_what_has_not_left_and_says_so(shop: Engine) -> None:
    create(shop, expires_days=3)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        put_mail(connection, "ann", OutreachState.SENT)
        put_mail(connection, "bea", OutreachState.SCHEDULED, send_at=NOW + timedelta(days=300))
        put_mail(connection, "cat", OutreachState.DATA)
        put_mail(connection, "dan", OutreachState.AWAITING_PERSON)
    over = NOW + timedelta(days=3)
    assert run_round(shop, over - timedelta(seconds=1)).state is CampaignState.RUNNING
    first = run_round(shop, over)
    assert (first.state, first.under_way, first.dropped) == (CampaignState.FINISHING, 1, 1)
    with write_transaction(shop) as connection:
        assert {"bea", "dan", "dan:1"} <= set(list_waiting(connection))
        connection.execute(update(outreaches).where(outreaches.c.client_id == "cat").values(state="sent"))
    last = run_round(shop, over)
    assert (last.state, last.sent, last.stopped) == (CampaignState.FINISHED, 2, 2)
    with read_transaction(shop) as connection:
        logged = list_activities(connection, SubjectKind.CAMPAIGN, "spring")
        steps = connection.execute(select(outreach_steps.c.client_id, outreach_steps.c.code)).all()
    assert sorted(map(tuple, steps)) == [("bea", "campaign_ended"), ("dan", "campaign_ended")]
    assert [one.data.get("state") for one in logged] == ["finished", "finishing", None]
    assert logged[0].actor.who == "selvedge"
    assert logged[0].data["sent"] == 2
    with pytest.raises(BadInput, match="has ended"):
        steer_campaign(shop, OWNER, "spring", CampaignCommand(kind="resume"), over, REAL)


def test_a_paused_campaign_finishes_too_and_a_later_end_keeps_it_running(shop: Engine) -> None:
    create(shop, expires_days=3)
    run_round(shop, NOW)
    steer_campaign(shop, OWNER, "spring", CampaignCommand(kind="pause", reason="stock"), NOW, REAL)
    order = CampaignCommand(kind="adjust", change={"expires_days": 5})
    assert steer_campaign(shop, OWNER, "spring", order, NOW, REAL).said == ("it ends at 2026-06-06 12:00 UTC",)
    assert run_round(shop, NOW + timedelta(days=4)).state is CampaignState.PAUSED
    assert run_round(shop, NOW + timedelta(days=5)).state is CampaignState.FINISHED


def test_people_says_who_waits_why_and_until_when(shop: Engine) -> None:
    create(shop, expires_days=3)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        put_mail(connection, "ann", OutreachState.SENT)
        put_mail(connection, "bea", OutreachState.SCHEDULED, send_at=NOW + timedelta(days=300))
        put_mail(connection, "cat", OutreachState.FAILED, code="smtp_451")
        put_mail(connection, "dan", OutreachState.SUPPRESSED, code="no_consent")
    found = list_people(shop, "spring", NOW).people
    told = {one.client_id: (str(one.state), one.code, one.why) for one in found}
    assert told == {
        "ann": ("completed", "", "mailed"),
        "bea": (
            "waiting",
            "scheduled",
            "its mail is written and leaves at its time; the campaign ends before that, on 4 June 2026",
        ),
        "cat": ("failed", "smtp_451", "the mail server asks us to try later (451)"),
        "dan": ("dropped", "no_consent", "the client has not agreed to mail"),
        "eve": ("waiting", "waits", "waits for the client's turn"),
    }
    assert [one.client_id for one in found if one.may_retry] == ["cat"]
    assert found[1].until == NOW + timedelta(days=300)
    waiting = list_people(shop, "spring", NOW, EnrolmentState.WAITING, limit=1)
    assert ([one.client_id for one in waiting.people], waiting.after) == (["bea"], "bea")
    rest = list_people(shop, "spring", NOW, EnrolmentState.WAITING, after="bea", limit=2)
    assert ([one.client_id for one in rest.people], rest.after) == (["eve"], None)


def test_no_moment_that_has_passed_is_told_as_the_end_of_a_wait(shop: Engine) -> None:
    create(shop)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        put_mail(connection, "bea", OutreachState.SCHEDULED, send_at=NOW)
    (bea,) = (one for one in list_people(shop, "spring", NOW).people if one.client_id == "bea")
    assert (bea.state, bea.until) == ("waiting", None)


def test_whoever_is_in_it_twice_stands_on_one_page_with_both_places(shop: Engine) -> None:
    create(shop)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        row = {"campaign": "spring", "entry": "2", "state": EnrolmentState.WAITING, "arm": "treated", "code": ""}
        connection.execute(insert(enrolments).values(**row, client_id="ann", enrolled_at=NOW, at=NOW))
    found: list[tuple[str, str]] = []
    page = list_people(shop, "spring", NOW, limit=1)
    while page.after is not None:
        found += [(one.client_id, one.entry) for one in page.people]
        page = list_people(shop, "spring", NOW, after=page.after, limit=1)
    assert found == [("ann", "1"), ("ann", "2"), ("bea", "1"), ("cat", "1"), ("dan", "1"), ("eve", "1")]


def test_a_retry_takes_what_failed_and_says_why_not_the_others(shop: Engine) -> None:
    create(shop)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        put_mail(connection, "ann", OutreachState.FAILED, code="smtp_451")
        put_mail(connection, "bea", OutreachState.UNKNOWN, code="lost_in_data")
        put_mail(connection, "cat", OutreachState.REJECTED, code="rejected_by_person")
        put_mail(connection, "dan", OutreachState.EXPIRED, code="too_late")
        put_mail(connection, "eve", OutreachState.FAILED, code="text_changed", created_at=NOW - timedelta(days=15))
    result = retry_people(shop, OWNER, "spring", RetryOrder(), NOW, REAL)
    assert (result.retried, set(result.refused)) == (2, {"bea", "cat", "eve"})
    assert result.refused["cat"] == "a person rejected it"
    with read_transaction(shop) as connection:
        states = dict(map(tuple, connection.execute(select(outreaches.c.client_id, outreaches.c.state))))
        places = dict(map(tuple, connection.execute(select(enrolments.c.client_id, enrolments.c.state))))
        assert {"ann", "dan"} <= set(list_waiting(connection))
    assert (states["ann"], states["dan"], states["bea"]) == ("parked", "parked", "unknown")
    assert (places["ann"], places["dan"]) == ("in_step", "in_step")
    assert retry_people(shop, OWNER, "spring", RetryOrder(client_ids=("ann",)), NOW, REAL).retried == 0


def test_what_cannot_be_meant_is_refused_at_once(shop: Engine) -> None:
    with write_transaction(shop) as connection:
        connection.execute(update(clients).where(clients.c.client_id == "ann").values(tags=["twice", "vip"]))
    with pytest.raises(BadInput, match="no client carries the tag 'twicee'; 'twice' is the nearest"):
        create(shop, audience={"tags": ["twicee"]})
    with pytest.raises(BadInput, match="nobody is in it now; --even-if-empty"):
        create(shop, audience={"tags": ["twice"], "phases": ["lapsed"]})
    with pytest.raises(BadInput, match="ends_at: 2026-06-01 12:00 UTC has passed"):
        create(shop, ends_at=NOW)
    with read_transaction(shop) as connection:
        assert campaigns.find_campaign(connection, "spring") is None
    assert create(shop, audience={"tags": ["twicee"]}, even_if_empty=True).state is CampaignState.RUNNING
    assert create(shop, "vip", audience={"tags": ["vip"]}) == create(shop, "vip", audience={"tags": ["vip"]})
    order = CampaignCommand(kind="adjust", change={"ends_at": (NOW - timedelta(days=1)).isoformat()})
    with pytest.raises(BadInput, match="has passed"):
        steer_campaign(shop, OWNER, "vip", order, NOW, REAL)


def test_it_is_finished_once_the_last_place_in_it_is_closed_not_when_the_last_mail_is_settled(shop: Engine) -> None:
    create(shop, expires_days=3)
    run_round(shop, NOW)
    with write_transaction(shop) as connection:
        for client_id in ("ann", "bea", "cat", "dan", "eve"):
            put_mail(connection, client_id, OutreachState.SENT)
        connection.execute(update(campaigns_table).values(version=1))
        in_step = {"state": EnrolmentState.IN_STEP, "version": 1, "step": "hello"}
        connection.execute(update(enrolments).where(enrolments.c.client_id == "ann").values(**in_step))
    over = NOW + timedelta(days=3)
    first = run_round(shop, over)
    assert (first.state, first.pending, first.under_way) == (CampaignState.FINISHING, 0, 0)
    with write_transaction(shop) as connection:
        row = campaigns.load_campaign(connection, "spring")
        assert rounds.compute_wait(row, first, Clock(), over, 0) == rounds.WATCH_S, "nobody may tell it of the last one"
        assert "ann" in list_waiting(connection), "the client's next assessment closes the place"
        gone = update(enrolments).where(enrolments.c.client_id == "ann").values(state=EnrolmentState.COMPLETED)
        connection.execute(gone)
    assert run_round(shop, over).state is CampaignState.FINISHED
