"""An ordinary day of each role in a real browser, from the sign-in on: the tasks that test_tasks.py does not do, at a
desk in the light and on a phone in the dark."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from ingest.stream_rows import StreamMessage
from ingest.streams import StreamIntake
from models.actors import Actor, Channel, Role
from models.answers import AnswerRecord
from models.campaign_definition import CampaignDefinition
from models.dead_letters import LetterSource
from models.segment_answers import SegmentOrder
from models.states import TouchKind
from services.campaigns.definitions import save_draft
from services.figures.days import count_day, count_standing
from services.segments.saved import save_segment
from settings import Settings
from store import tables as t
from store.clients import calls
from store.database import write_transaction
from store.figures.tallies import save_tallies
from store.learning import decisions
from store.mail.policy import ShopPolicy
from tests.browser.staff import KEY, Worker, ask
from tests.support.desk import load_state, put_draft
from tests.web.sample_shop import NOW, ago, build_item

LOOKS: Final = ((1440, "light"), (390, "dark"))
OWNER: Final = Actor(who="eve", role=Role.OWNER, channel=Channel.PAGE)
EVERY = pytest.mark.parametrize(("width", "scheme"), LOOKS)


@pytest.fixture(scope="module")
def shop(engine: Engine, home: Path) -> Engine:
    """What such a day finds: for each look a campaign to let out, a draft, a call and a mail of which nobody knows."""
    settings = Settings(home=home, _env_file=None)
    save_segment(engine, OWNER, "vips", SegmentOrder(filter="tag = vip"), NOW, NOW)
    for number, (width, _) in enumerate(LOOKS):
        steps = [{"id": "first", "mail": {"message": "Soft colours for the first cold days."}}]
        values = {"slug": f"winter-{width}", "name": "Winter", "steps": steps, "audience": {"segment": "vips"}}
        save_draft(engine, OWNER, CampaignDefinition.model_validate(values), settings, NOW, NOW)
        with write_transaction(engine) as connection:
            _leave_work(connection, width, number)
    _leave_letters(engine, settings)
    with write_transaction(engine) as connection:
        for back in (3, 2, 1):
            day = NOW.date() - timedelta(days=back)
            save_tallies(connection, day, count_day(connection, day) | count_standing(connection))
    return engine


def _leave_work(connection: Connection, width: int, number: int) -> None:
    client_id = f"client02{number}"
    put_draft(connection, client_id, 1, first_name="Ana", updated_at=datetime.now(UTC))
    opened: dict[str, Any] = {
        "assessment_id": "a",
        "day": "2026-11-21",
        "most": 9,
        "now": NOW,
        "until": NOW + timedelta(days=2),
    }
    assert calls.open_call(connection, client_id, "missed/2", TouchKind.MISSED, **opened)
    lost = {"client_id": client_id, "n": 3, "reason_key": "k3", "kind": "welcome", "assessment_id": "a", "score": 9.0}
    lost |= {"phase": "active", "state": "unknown", "created_at": ago(1), "updated_at": ago(1), "campaign": "spring"}
    connection.execute(insert(t.outreaches).values(**lost))
    sent = {"n": 4, "reason_key": "k4", "state": "sent", "sent_at": ago(1)}
    connection.execute(insert(t.outreaches).values(**lost | sent))
    standing = {"client_id": client_id, "phase": "at_risk", "phase_since": ago(9), "band": "at_risk", "score": 9.0}
    standing |= {"assessment_id": "a", "assessed_at": NOW, "risk": 0.7 - number / 10}
    connection.execute(insert(t.standings).values(**standing))
    spent = {"client_id": client_id, "anchor_at": ago(90), "orders": 3, "orders_value_cents": 90_000}
    connection.execute(insert(t.engagement).values(**spent | {"last_order_at": ago(90), "first_order_at": ago(300)}))
    if number == 0:
        connection.execute(insert(t.items).values(**build_item("skirt-1", "Wool skirt", "skirt", "navy")))
        connection.execute(update(t.fixes).where(t.fixes.c.fix_id == "f2").values(decided_by="stylist"))
        answer = {"action": "email", "uplift": 0.0}
        record = AnswerRecord(
            slot="next_action", client_id="ada", asked_at=ago(60), question="", role="live", seconds=0.01,
            answer=answer, propensity=0.5, variant="explore", algorithm="explore", version="1",
        )  # fmt: skip
        decisions.save_decision(connection, record, ago(60), key="missed:1")


def _leave_letters(engine: Engine, settings: Settings) -> None:
    """Two messages of a stream about clients who are not there yet."""
    policy = ShopPolicy.from_settings(settings)
    for number, (width, _) in enumerate(LOOKS):
        said = {"event_id": f"late-{width}", "client_id": f"late{width}", "type": "item_viewed", "item_id": "coat-1"}
        said["occurred_at"] = ago(1).isoformat()
        message = StreamMessage(("events", 0), number, json.dumps(said).encode())
        StreamIntake(engine, policy, {"events": LetterSource.EVENTS}, OWNER).take(
            [message], {("events", 0): number}, datetime.now(UTC)
        )


@EVERY
def test_a_campaign_owner_reads_schedules_steers_and_measures(
    enter: Any, shop: Engine, width: int, scheme: str
) -> None:
    worker, slug = enter(Role.MARKETER, width, scheme), f"winter-{width}"
    page = worker.open(f"/campaigns/{slug}/build")
    page.locator("[name='steps.0.mail.items']").fill("coat-1")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Preview").click()
    assert "would be mailed" in page.locator("#counts").inner_text()
    page.frame_locator("iframe").first.locator("body", has_text="Soft colours").wait_for()
    page = worker.open(f"/campaigns/{slug}/versions")
    page.get_by_role("button", name="Ask for approval").click()
    enter(Role.OPERATOR, width, scheme).open(f"/campaigns/{slug}/versions").get_by_role(
        "button", name="Approve this version"
    ).click()
    page.reload()
    page.locator("[name=start_at]").fill("2027-01-05T09:30")
    page.get_by_role("button", name="Schedule it").click()
    assert "Starts by itself on 5 January" in page.locator("#next").inner_text()
    assert ask(shop, select(t.campaigns.c.state).where(t.campaigns.c.slug == slug)) == "scheduled"

    page = worker.open("/campaigns/spring/acts/pause")
    page.get_by_label("Reason").fill("stock")
    page.get_by_role("button", name="Pause").click()
    assert ask(shop, select(t.campaigns.c.state).where(t.campaigns.c.slug == "spring")) == "paused"
    page.get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Adjust").click()
    page.get_by_label("Message").fill(f"Light coats, seen at {width}.")
    page.get_by_role("button", name="Save").click()
    assert "The changes are saved." in page.get_by_role("status").inner_text()
    assert ask(shop, select(t.campaigns.c.spec["message"].as_string()).where(t.campaigns.c.slug == "spring")) == (
        f"Light coats, seen at {width}."
    )
    lift = page.locator("#lift").inner_text()
    assert "held out" in lift.lower()
    assert "clicked" in lift.lower()
    assert "unsubscribing" in lift.lower()

    client_id = f"client02{[look for look, _ in LOOKS].index(width)}"
    page = worker.open(f"/review/{client_id}:1")
    page.locator("textarea").first.fill("The coat you liked is back")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("status").first.wait_for()
    with shop.connect() as connection:
        assert load_state(connection, client_id, 1)[0] == "scheduled"
    subject = select(t.outreaches.c.draft["subject"].as_string()).where(
        t.outreaches.c.client_id == client_id, t.outreaches.c.n == 1
    )
    assert ask(shop, subject) == "The coat you liked is back"


@EVERY
def test_a_stylist_reads_writes_calls_and_asks(enter: Any, shop: Engine, width: int, scheme: str) -> None:
    worker = enter(Role.STYLIST, width, scheme)
    page = worker.open("/fixes")
    assert "0 of 1 items were kept (0 %)" in page.locator("h1").inner_text()
    page.get_by_role("link", name="Decide on the first").click()
    words = page.locator("main").inner_text()
    for said in ("A coat for the walk to work", "at a glance", "Kept of past boxes", "left of", "at most 2"):
        assert said.lower() in words.lower(), said
    for act in ("Take out", "Swap for another", "Search", "Approve and ship", "Reject"):
        assert page.get_by_text(act, exact=True).count() > 0, act
    page.locator("[name=search]").fill("wool")
    page.get_by_role("button", name="Search").click()
    assert "may go into the box" in page.locator("#found").inner_text() or page.locator("#found button").count()
    page.locator("[name=stylist_note]").fill(f"Wear it belted, {width} 🧥 <b>")
    page.get_by_role("button", name="Save the words").click()
    assert "Saved." in page.locator("#words").inner_text()
    noted = select(t.fixes.c.stylist_note).where(t.fixes.c.fix_id == "f1")
    assert ask(shop, noted) == f"Wear it belted, {width} 🧥 <b>"

    client_id = f"client02{[look for look, _ in LOOKS].index(width)}"
    page = worker.open("/calls")
    page.locator(".mail-row", has_text=client_id).get_by_role("button", name="Reached").click()
    outcome = select(t.calls.c.outcome).where(t.calls.c.client_id == client_id)
    assert ask(shop, outcome) == "reached"
    page = worker.open(f"/clients/{client_id}/acts/fix")
    page.locator("[name=note]").fill("A wedding in May")
    page.get_by_role("button", name="Request the Fix").click()
    page.wait_for_load_state()
    assert ask(shop, select(t.fixes.c.note).where(t.fixes.c.client_id == client_id)) == "A wedding in May"
    worker.watch.complaints = [said for said in worker.watch.complaints if "503" not in said]


@EVERY
def test_an_operator_finds_corrects_settles_and_looks_back(enter: Any, shop: Engine, width: int, scheme: str) -> None:
    worker = enter(Role.OPERATOR, width, scheme)
    page = worker.open("/clients")
    page.get_by_label("Name, address or id").fill("7")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Person 7", exact=True).wait_for()
    assert "Mail is held by" in worker.read("/clients/evil", "#why")
    page = worker.open("/new-client")
    new = f"zoe{width}"
    for name, value in (("client_id", new), ("email", f"{new}@example.com"), ("first_name", "Zoë زوي 🧥")):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Edit").click()
    page.locator("[name=email]").fill(f"{new}@example.org")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**?done=edit")
    assert ask(shop, select(t.clients.c.email).where(t.clients.c.client_id == new)) == f"{new}@example.org"
    page.get_by_role("link", name="Pause mail").click()
    page.get_by_label("Reason").fill("asked by phone")
    page.get_by_role("button", name="Pause mail").click()
    page.wait_for_url("**?done=pause")

    system = worker.read("/system")
    assert "Database" in system
    assert "mail" in system.lower()
    client_id = f"client02{[look for look, _ in LOOKS].index(width)}"
    page = worker.open("/mails?state=unknown")
    page.locator(f"a[href*='{client_id}#']").first.click()
    card = page.locator("#mail-3")
    if card.get_attribute("open") is None:
        card.locator("summary").click()
    card.get_by_role("button", name="It arrived").click()
    page.wait_for_load_state()
    mail = select(t.outreaches.c.state).where(t.outreaches.c.client_id == client_id, t.outreaches.c.n == 3)
    assert ask(shop, mail) == "sent"
    page = worker.open("/activity?action=client.pause")
    assert page.locator(f"a[href='/clients/{new}']").count() >= 1

    with write_transaction(shop) as connection:
        row = {"client_id": f"late{width}", "email": "l@example.com", "time_zone": "UTC", "signed_up_at": ago(9)}
        connection.execute(insert(t.clients).values(**row))
    page = worker.open("/dead-letters")
    before = page.locator(".mail-row").count()
    page.get_by_role("button", name="Try again").last.click()
    page.wait_for_load_state()

    found = ask(shop, select(t.events.c.event_id).where(t.events.c.event_id == f"late-{width}"))
    assert (page.locator(".mail-row").count(), found) == (before - 1, f"late-{width}")


@EVERY
def test_a_data_scientist_checks_shadows_splits_and_reads_the_night(
    enter: Any, shop: Engine, width: int, scheme: str
) -> None:
    worker = enter(Role.DATA_SCIENTIST, width, scheme)
    page = worker.open("/algorithms")
    assert page.locator("[id^=slot-]").count() >= 7
    page.locator("#algorithm-first").get_by_role("button", name="Check").click()
    page.locator("#report").wait_for(timeout=60_000)
    assert "It may serve" in page.get_by_role("status").inner_text()
    page = worker.open("/algorithms")
    page.locator("#algorithm-first").get_by_role("button", name="Ask in the shadow", exact=True).click()
    page.locator("#slot-ranking", has_text="in the shadow first").wait_for(timeout=60_000)
    page.locator("#algorithm-first").get_by_role("button", name="Ask in the shadow no longer").click()
    page.locator("#slot-ranking p", has_text="The built-in answers.").wait_for(timeout=60_000)
    page.locator("#algorithm-first").get_by_text("Share of clients").click()
    page.locator("#algorithm-first").get_by_label("Percent of clients").fill("20")
    page.get_by_role("button", name="Set the share of first").click()
    page.locator("#slot-ranking", has_text="first for 20 % of the clients").wait_for(timeout=60_000)
    page.locator("#slot-ranking").get_by_role("link", name="Compare").click()
    assert "the built-in" in page.locator("#variants").inner_text()
    page = worker.open("/algorithms")
    page.locator("#algorithm-first").get_by_text("Share of clients").click()
    page.locator("#algorithm-first").get_by_label("Percent of clients").fill("0")
    page.get_by_role("button", name="Set the share of first").click()
    page.locator("#slot-ranking p", has_text="The built-in answers.").wait_for(timeout=60_000)
    assert "data_scientist" in worker.read("/activity?kind=slot")
    night = worker.read("/refreshes")
    assert "hybrid-2" in night
    assert "Drifted" in night
    page = worker.open("/algorithms")
    with page.expect_download() as export:
        page.get_by_role("link", name="Outcomes as CSV").click()
    assert "ada,email,0" in Path(export.value.path()).read_text()


def send_carts(worker: Worker, *client_ids: str, ordered: str) -> None:
    """What a shop's storefront sends of carts that were filled a day ago and more, one of which was ordered."""
    filled = {"type": "added_to_cart", "occurred_at": ago(1.2).isoformat(), "item_id": "coat-1", "quantity": 1}
    events = [filled | {"event_id": f"cart-{who}", "client_id": who} for who in client_ids]
    bought = {"type": "order_placed", "occurred_at": ago(1.1).isoformat(), "item_id": "coat-1", "quantity": 1}
    events.append(bought | {"event_id": f"bought-{ordered}", "client_id": ordered, "value": "289.00"})
    answered = httpx.post(f"{worker.site}/v1/events", json=events, headers={"authorization": f"Bearer {KEY}"})
    assert answered.json()["refused"] == [], answered.text


@EVERY
def test_a_marketing_lead_reads_the_figures_and_takes_a_segment_along(
    enter: Any, shop: Engine, width: int, scheme: str
) -> None:
    worker = enter(Role.MARKETER, width, scheme)
    today = worker.read("/")
    assert "Clients by phase" in today
    assert "What mail to clients who drift brings" in today
    page = worker.open("/kpis")
    figures = page.locator(".tiles").inner_text()
    for title in (
        *("Open rate of mail", "Click rate of mail", "Conversion of mail", "Revenue per client", "Keep rate"),
        *("Average order value", "Time to first purchase", "Revenue at risk", "Clients at risk", "Clients dormant"),
    ):
        assert title in figures, title
    if width == LOOKS[0][0]:
        assert "Cart abandonment: the shop's systems send no carts yet" in page.locator("main").inner_text()
    send_carts(worker, "client007", "client008", "client009", ordered="client009")
    tile = worker.reload_until(".tiles", "Cart abandonment").locator(".tiles a", has_text="Cart abandonment")
    assert "66.7" in tile.inner_text()
    tile.click()
    assert "of all whose day ended" in page.locator("main").inner_text()
    page = worker.open("/kpis")
    page.get_by_role("link", name="Clients at risk").click()
    assert page.locator("svg[role=img] polyline").count() > 0
    page.get_by_role("link", name="Who they are").click()
    page.wait_for_url("**/clients?phase=at_risk")
    page = worker.open("/kpis/revenue_at_risk")
    assert "Person 20" in page.locator("#who").inner_text()
    assert page.locator("#who tbody tr").first.inner_text().endswith("$630.00")
    page = worker.open("/clients?segment=vips")
    with page.expect_download() as export:
        page.get_by_role("button", name="Export CSV").click()
    assert "client003" in Path(export.value.path()).read_text()
    page = worker.open("/mailbox")
    page.locator("ol.box li a").last.click()
    assert "Unsubscribe" in page.frame_locator("iframe").locator("body").inner_text()
