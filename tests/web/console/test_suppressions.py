"""The page of mailboxes that are not mailed: find, add, lift, export; saved segments as chips of clients."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient
from sqlalchemy import select

from domain.permissions import Action
from models.actors import Actor, Channel, Role
from models.clients import ClientRow
from models.segment_answers import SegmentOrder
from services.clients.registration import save_client
from services.segments.saved import save_segment
from store.database import read_transaction
from store.tables import activity
from tests.web.auth.staff import find_form_token, get_app_context

DEMO = Actor(who="demo", role=Role.OWNER, channel=Channel.PAGE)


def send(site: TestClient, act: str, **fields: str) -> str:
    token = find_form_token(site.get("/suppressions").text)
    return site.post("/suppressions", data={"token": token, "act": act, **fields}).text


def list_done(site: TestClient) -> list[str]:
    with read_transaction(get_app_context(site).engine) as connection:
        return list(connection.scalars(select(activity.c.action).order_by(activity.c.id)))


def test_a_mailbox_is_suppressed_found_and_mailed_again(site: TestClient) -> None:
    context = get_app_context(site)
    row = ClientRow(client_id="zoe", email="zoe@example.com", first_name="Zo\u00eb")
    save_client(context.engine, DEMO, row, context.policy, context.business_now(), context.real_now())
    assert "This mailbox is not on the list" in send(site, "find", email="zoe@example.com")
    page = send(site, "add", email="zoe@example.com", reason="complaint", note="by phone")
    assert "No mail goes there any more." in page
    assert '<a href="/clients/zoe">Zo\u00eb</a>' in page
    assert "complaint" in send(site, "find", email="ZOE@example.com")
    assert "zoe@example.com" not in site.get("/suppressions").text, "an address is stored as a hash alone"
    lines = site.get("/suppressions.csv").text.splitlines()
    assert len(lines) == 2
    assert re.search(r"^[0-9a-f]{64},complaint,.*,demo,by phone,zoe$", lines[1])
    assert "Say why somebody who complained" in send(site, "remove", email="zoe@example.com")
    assert "It may be mailed again" in send(site, "remove", email="zoe@example.com", why="asked for it")
    assert list_done(site) == [Action.SAVE_CLIENT, Action.SUPPRESS, Action.LIFT_SUPPRESSION]


def test_what_is_wrong_stands_at_its_field_with_what_was_typed(site: TestClient) -> None:
    page = send(site, "add", email="nobody", reason="legal")
    assert 'id="wrong-email"' in page
    assert 'value="nobody"' in page


def test_the_client_list_is_narrowed_by_a_saved_segment(site: TestClient) -> None:
    context = get_app_context(site)
    order = SegmentOrder(name="Buyers", filter="orders >= 5")
    save_segment(context.engine, DEMO, "buyers", order, context.business_now(), context.real_now())
    page = site.get("/clients").text
    assert re.search(r'segment=buyers"[^>]*>Buyers <b>1</b>', page)
    assert "Person 3" in page
    page = site.get("/clients?segment=buyers").text
    assert re.findall(r'<td><a href="/clients/([^"]+)"', page) == ["ada"]
    form = {"token": find_form_token(page), "segment": "buyers", "everyone": "1", "act": "csv"}
    assert [line.partition(",")[0] for line in site.post("/clients", data=form).text.splitlines()] == [
        "client_id",
        "ada",
    ]
    assert site.get("/clients?segment=nobody").status_code == 404


def test_a_pause_can_be_undone(site: TestClient) -> None:
    token = find_form_token(site.get("/clients/ada/acts/pause").text)
    page = site.post("/clients/ada/acts/pause", data={"token": token, "reason": "test"}).text
    undo = re.search(r'action="/clients/ada/acts/resume"><input type="hidden" name="token" value="([^"]+)"', page)
    assert undo is not None
    page = site.post("/clients/ada/acts/resume", data={"token": undo[1], "overdue": "replan"}).text
    assert "Their mail goes on." in page
    assert list_done(site) == [Action.PAUSE_CLIENT, Action.RESUME_CLIENT]
