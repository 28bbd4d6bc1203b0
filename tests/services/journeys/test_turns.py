"""A client through an abandoned basket, as stored: events in, assessments at their times, mails begun, the goal."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select

from errors import BadInput
from models.actors import Actor, Channel, Role
from models.base import utc
from models.campaign import CampaignCommand, SteeredCampaign
from models.campaign_definition import CampaignAdjustment, CampaignDefinition, CampaignVersion
from models.lifecycle import Assessment, AssessRequest
from models.states import OutreachState
from services.assessment.assessor import Assessor
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.campaigns.rewording import reword_step
from services.campaigns.steering import steer_campaign
from services.context import ServiceContext
from services.ingestion.intake import accept_events
from services.mailing.gate import decide_sending
from services.mailing.send_times import choose_send_time, require_send_time_facts
from settings import Settings
from store import tables as t
from store.campaigns import places, versions
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from store.mail.policy import ShopPolicy
from tests.store.seeds import event, seed_clients, seed_items
from tests.support.tables import create_tables

NOON = utc(2026, 3, 2, 12)
HOUR = timedelta(hours=1)
OWNER = Actor(who="eve", role=Role.OWNER, channel=Channel.COMMAND)
CART: dict[str, Any] = {
    "slug": "cart",
    "name": "Left in the basket",
    "holdout": 0,
    "entry": {"on": "event", "event": "added_to_cart", "wait": "4h", "unless": ["order_placed"]},
    "steps": [
        {"id": "first", "mail": {"message": "The pieces in your basket are still there."}},
        {"id": "think", "wait": "3d"},
        {"id": "second", "mail": {"message": "Here is what goes with them."}},
    ],
    "exits": {"goal": "order_placed"},
}


class Basket:
    """One client, `ann`, and a campaign about baskets."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.context = ServiceContext(settings, engine, wall=lambda: NOON)
        self.engine, self.policy = engine, ShopPolicy.from_settings(settings)
        self.assessor = Assessor(self.context)

    def publish(self, definition: dict[str, Any], **fields: Any) -> CampaignVersion:
        settings = self.context.settings
        drafted = save_draft(self.engine, OWNER, CampaignDefinition.model_validate(definition), settings, NOON, NOON)
        submit_version(self.engine, OWNER, "cart", NOON, NOON)
        decide_version(self.engine, OWNER, "cart", drafted.version, "approve", NOON, NOON)
        start_version(self.engine, OWNER, "cart", NOON, NOON, **fields)
        return drafted

    def reword(self, actor: Actor, step: str, message: str) -> SteeredCampaign:
        order = CampaignAdjustment(step=step, message=message)
        return reword_step(self.engine, actor, "cart", order, NOON + 5 * HOUR, NOON)

    def tell(self, kind: str, at: datetime, **fields: Any) -> None:
        with write_transaction(self.engine) as connection:
            told = event(f"{kind}-{at:%d%H%M}", kind, at=at, **fields)
            accept_events(connection, [told], self.policy, at, at)

    def look(self, at: datetime) -> Assessment:
        return self.assessor.assess(AssessRequest(client_id="ann", at=at))

    def send_all(self, at: datetime) -> None:
        with write_transaction(self.engine) as connection:
            for mail in ledger.load_client_mails(connection, "ann"):
                for state in (OutreachState.SCHEDULED, OutreachState.CLAIMED, OutreachState.DATA, OutreachState.SENT):
                    ledger.move_mail(connection, "ann", mail.n, state, at)

    @property
    def place(self) -> tuple[str, str, str]:
        with read_transaction(self.engine) as connection:
            e = t.enrolments.c
            row = connection.execute(select(e.state, e.step, e.code).where(e.campaign == "cart")).one()
        return row.state, row.step, row.code

    @property
    def keys(self) -> list[str]:
        with read_transaction(self.engine) as connection:
            mails = ledger.load_client_mails(connection, "ann")
        return [mail.reason_key.rpartition(":")[2] for mail in mails if mail.campaign == "cart"]


@pytest.fixture
def basket(tmp_path: Path) -> Basket:
    settings = Settings(home=tmp_path, shop_time_zone="UTC", _env_file=None)
    engine = connect(f"sqlite:///{tmp_path / 'store.db'}")
    create_tables(engine)
    with write_transaction(engine) as connection:
        policy = ShopPolicy.from_settings(settings)
        seed_clients(connection, policy, "ann")
        seed_items(connection, policy, "jumper")
    made = Basket(engine, settings)
    made.look(NOON - 24 * HOUR)
    made.send_all(NOON - 96 * HOUR)
    made.publish(CART)
    return made


def test_a_basket_is_followed_by_two_mails_and_no_third(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.tell("added_to_cart", NOON + HOUR, item_id="jumper")
    basket.look(NOON + HOUR)
    assert (basket.place, basket.keys) == (("waiting", "", ""), [])
    waits = basket.look(NOON + 4 * HOUR)
    assert waits.wake_at <= NOON + 5 * HOUR, "the wait begins anew with the last event"
    began = basket.look(NOON + 5 * HOUR)
    assert began.start is not None
    assert began.start.campaign == "cart"
    basket.look(NOON + 5 * HOUR)
    assert (basket.place, basket.keys) == (("in_step", "first", ""), ["first"])
    basket.send_all(NOON + 6 * HOUR)
    assert basket.look(NOON + 6 * HOUR).wake_at <= NOON + 78 * HOUR
    assert basket.place == ("waiting", "think", "")
    basket.look(NOON + 79 * HOUR)
    basket.send_all(NOON + 80 * HOUR)
    basket.look(NOON + 80 * HOUR)
    assert (basket.place, basket.keys) == (("completed", "second", ""), ["first", "second"])


def test_an_order_ends_it_at_once_and_stops_the_mail_on_its_way(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    assert basket.place == ("in_step", "first", "")
    basket.tell("order_placed", NOON + 5 * HOUR, item_id="jumper", value="20")
    assert basket.place == ("exited", "first", "goal")
    with write_transaction(basket.engine) as connection:
        row = ledger.require_mail(connection, "ann", ledger.load_client_mails(connection, "ann")[-1].n)
        assert decide_sending(basket.context, connection, row, NOON + 5 * HOUR).code == "left_campaign"


def test_the_quiet_hours_and_caps_of_a_campaign_hold_at_the_send_time_and_at_the_gate(basket: Basket) -> None:
    with write_transaction(basket.engine) as connection:
        connection.execute(t.clients.update().values(policy={"preferred_hour": 20, "max_mails_per_week": 7}))
    tight = CART | {"quiet_hours": {"from_hour": 18, "until_hour": 10}, "caps": {"mails_per_week": 1}}
    said = basket.publish(tight).said
    assert said == (
        "1 client asks for mail at an hour that is quiet in this campaign (18:00 to 10:00): mail of it goes at 10:00",
    )
    basket.tell("added_to_cart", NOON, item_id="jumper")
    assert basket.look(NOON + 4 * HOUR).start is not None
    with write_transaction(basket.engine) as connection:
        row = ledger.require_mail(connection, "ann", ledger.load_client_mails(connection, "ann")[-1].n)
        evening, morning = NOON + 8 * HOUR, NOON + 22 * HOUR
        facts = require_send_time_facts(connection, "ann", NOON + 4 * HOUR)
        assert choose_send_time(basket.context, connection, row, facts, None, NOON + 4 * HOUR) == morning
        assert decide_sending(basket.context, connection, row, evening).code == "quiet_hours"
        assert decide_sending(basket.context, connection, row, evening).until == morning
        assert decide_sending(basket.context, connection, row, morning).code == ""
        at = {"created_at": NOON, "updated_at": NOON, "sent_at": NOON - 60 * HOUR}
        other = {"client_id": "ann", "n": 90, "reason_key": "x", "kind": "quiz", "assessment_id": "a", "score": 1.0}
        connection.execute(t.outreaches.insert().values(**other, phase="active", state="sent", **at))
        assert decide_sending(basket.context, connection, row, morning).code == "cap", "its own cap, not the shop's"


def test_who_refuses_personalisation_or_campaigns_leaves_and_their_mail_stays_here(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    basket.tell("consent_changed", NOON + 5 * HOUR, consent=False, purposes=["personalisation"])
    with write_transaction(basket.engine) as connection:
        row = ledger.require_mail(connection, "ann", ledger.load_client_mails(connection, "ann")[-1].n)
        assert decide_sending(basket.context, connection, row, NOON + 5 * HOUR).code == "personalisation_refused"
        ledger.move_mail(connection, "ann", row.n, OutreachState.SUPPRESSED, NOON + 5 * HOUR)
    basket.look(NOON + 5 * HOUR)
    assert basket.place == ("exited", "first", "personalisation_refused")


def test_who_wants_no_campaigns_any_more_leaves_in_the_middle(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    basket.send_all(NOON + 5 * HOUR)
    basket.look(NOON + 5 * HOUR)
    with write_transaction(basket.engine) as connection:
        connection.execute(t.clients.update().values(policy={"topics": ["news"]}))
    basket.look(NOON + 6 * HOUR)
    assert basket.place == ("exited", "think", "topic_unwanted")


def test_the_goal_ends_it_in_whatever_step_an_assessment_puts_it_meanwhile(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    with write_transaction(basket.engine) as connection:
        (seen,) = places.list_places_of(connection, ["ann"])
    basket.look(NOON + 4 * HOUR)
    assert basket.place == ("in_step", "first", "")
    with write_transaction(basket.engine) as connection:
        places.leave_at_goal(connection, seen, NOON + 5 * HOUR)
    assert basket.place == ("exited", "first", "goal")


def test_places_end_with_their_campaign(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    steer_campaign(basket.engine, OWNER, "cart", CampaignCommand(kind="end"), NOON + 5 * HOUR, NOON)
    basket.look(NOON + 5 * HOUR)
    assert basket.place == ("in_step", "first", ""), "its mail still goes"
    basket.send_all(NOON + 6 * HOUR)
    basket.look(NOON + 6 * HOUR)
    assert basket.place == ("exited", "first", "campaign_ended")


@pytest.mark.parametrize(("overdue", "state"), [("replan", "dropped"), ("send_late", "in_step"), ("expire", "dropped")])
def test_an_occasion_that_a_long_pause_outlived_is_none_unless_late_mail_is_wanted(
    basket: Basket, overdue: Any, state: str
) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    steer_campaign(basket.engine, OWNER, "cart", CampaignCommand(kind="pause"), NOON + HOUR, NOON)
    waits = basket.look(NOON + HOUR)
    assert waits.wake_at <= NOON + 5 * HOUR, "a pause that is over by then costs nobody their step"
    later = NOON + 15 * 24 * HOUR
    basket.look(later)
    assert basket.place == ("waiting", "", "")
    steer_campaign(basket.engine, OWNER, "cart", CampaignCommand(kind="resume", overdue=overdue), later, NOON)
    basket.look(later)
    assert basket.place[0] == state


def test_what_belongs_to_the_steps_is_no_adjustment_and_the_priority_is(basket: Basket) -> None:
    change = CampaignCommand(kind="adjust", change={"message": "All is reduced."})
    with pytest.raises(BadInput, match=r"^message: cart has several steps, and each says its own: name the step"):
        steer_campaign(basket.engine, OWNER, "cart", change, NOON, NOON)
    steer_campaign(basket.engine, OWNER, "cart", CampaignCommand(kind="adjust", change={"priority": 95}), NOON, NOON)
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    with read_transaction(basket.engine) as connection:
        assert ledger.load_client_mails(connection, "ann")[-1].priority == 95


@pytest.mark.parametrize(("field", "value"), [("holdout", 0.2), ("window_days", 30), ("ends_at", "2026-03-02T12:00Z")])
def test_a_version_keeps_the_comparison_and_ends_in_the_future(basket: Basket, field: str, value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        basket.publish(CART | {field: value})
    assert refused.value.field == field


def test_a_new_version_moves_who_is_in_it_at_their_next_step(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    basket.send_all(NOON + 5 * HOUR)
    basket.look(NOON + 5 * HOUR)
    last = {"id": "last", "mail": {"message": "The pieces are few now."}}
    basket.publish(CART | {"steps": [CART["steps"][0], CART["steps"][1], last]}, takeover="move")
    basket.look(NOON + 79 * HOUR)
    assert (basket.place[1], basket.keys) == ("last", ["first", "last"])


def test_a_step_is_said_anew_for_everybody_on_their_way_and_for_mail_that_has_not_left(basket: Basket) -> None:
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    steer_campaign(basket.engine, OWNER, "cart", CampaignCommand(kind="adjust", change={"priority": 95}), NOON, NOON)
    with write_transaction(basket.engine) as connection:
        (mail,) = [one for one in ledger.load_client_mails(connection, "ann") if one.campaign == "cart"]
        written = {"message": CART["steps"][0]["mail"]["message"], "voice": basket.context.settings.shop_voice}
        connection.execute(t.outreaches.update().where(t.outreaches.c.n == mail.n).values(brief=written))

    def find_code() -> tuple[str, str]:
        with write_transaction(basket.engine) as connection:
            row = ledger.require_mail(connection, "ann", mail.n)
            assert row.content is not None
            return row.content.message, decide_sending(basket.context, connection, row, NOON + 5 * HOUR).code

    assert find_code() == (written["message"], "")
    said = basket.reword(OWNER, "first", "They wait for you.").said
    assert said[0].startswith("version 2 took the place of version 1: it holds for the 1 clients on their way")
    assert said[1].startswith("1 mails of this step had not left")
    assert find_code() == ("They wait for you.", "message_changed")
    assert basket.reword(OWNER, "first", "They wait for you.").said == ("it says that already; nothing was changed",)
    basket.reword(OWNER, "second", "And these go with them.")
    basket.send_all(NOON + 6 * HOUR)
    basket.look(NOON + 6 * HOUR)
    basket.look(NOON + 79 * HOUR)
    with read_transaction(basket.engine) as connection:
        row = ledger.require_mail(connection, "ann", ledger.load_client_mails(connection, "ann")[-1].n)
        assert row.content is not None
        assert (row.content.message, row.priority) == ("And these go with them.", 95), "what was adjusted before stays"
        assert versions.load_version(connection, "cart").decided_by == "eve"


def test_who_may_not_approve_leaves_a_reworded_step_to_somebody_else(basket: Basket) -> None:
    marketer = Actor(who="mia", role=Role.MARKETER, channel=Channel.COMMAND)
    basket.tell("added_to_cart", NOON, item_id="jumper")
    basket.look(NOON + 4 * HOUR)
    said = basket.reword(marketer, "first", "They wait for you.").said
    assert "awaits approval" in said[0]
    with pytest.raises(BadInput, match=r"^version: version 2 is awaiting approval: publish it or send it back first$"):
        basket.reword(OWNER, "second", "And these.")

    def read_message() -> str:
        with read_transaction(basket.engine) as connection:
            row = ledger.require_mail(connection, "ann", ledger.load_client_mails(connection, "ann")[-1].n)
        return row.content.message if row.content else ""

    assert read_message() == CART["steps"][0]["mail"]["message"]
    decide_version(basket.engine, OWNER, "cart", 2, "approve", NOON, NOON)
    start_version(basket.engine, marketer, "cart", NOON, NOON, "move")
    assert read_message() == "They wait for you."


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (
            {"step": "frist", "message": "x"},
            r"^step: frist is no step; did you mean first\? \(its mails: first, second\)$",
        ),
        ({"step": "think", "message": "x"}, r"^step: think is no mail \(its mails: first, second\)$"),
        ({"step": "first", "message": "Visit https://x.example"}, "^message: "),
    ],
    ids=range(3),
)
def test_what_cannot_be_said_anew_is_refused(basket: Basket, order: dict[str, str], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        reword_step(basket.engine, OWNER, "cart", CampaignAdjustment.model_validate(order), NOON, NOON)
    with read_transaction(basket.engine) as connection:
        assert versions.load_version(connection, "cart").version == 1


@pytest.mark.parametrize("wrong", [{"step": "first"}, {"step": "first", "message": "x", "priority": 3}])
def test_an_adjustment_of_a_step_is_its_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CampaignAdjustment.model_validate(wrong)


def test_a_mail_about_a_basket_shows_all_that_lies_in_it(basket: Basket) -> None:
    with write_transaction(basket.engine) as connection:
        seed_items(connection, basket.policy, "coat", "scarf", "old", "bought")
    shown = {"id": "first", "mail": {"message": "They are still there.", "show_entry_item": True}}
    basket.publish(CART | {"steps": [shown], "re_entry": "1h"})
    for item, hours in (("old", -80), ("bought", -2), ("coat", 0), ("scarf", 1), ("coat", 2)):
        basket.tell("added_to_cart", NOON + hours * HOUR, item_id=item)
        if item == "bought":
            basket.tell("order_placed", NOON - HOUR, item_id=item)
    basket.look(NOON + 7 * HOUR)
    with read_transaction(basket.engine) as connection:
        content: Any = connection.scalar(select(t.outreaches.c.content).where(t.outreaches.c.campaign == "cart"))
    assert content["items"] == ["coat", "scarf"]
