"""A campaign's page tells what it brings: in words, in numbers and as a picture, and nothing on too few."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert

from domain.holdouts import assign_arm
from models.base import utc
from models.lift import LiftPoint
from models.states import Arm
from store.database import write_transaction
from store.tables import enrolments, events
from tests.web.conftest import prepare_home
from tests.web.console.test_pages import plain, text
from tests.web.sample_shop import ago
from web.app import create_app
from web.console.lift_chart import build_lift_picture

CLIENTS = 2_400
EVERY = {Arm.TREATED: 4, Arm.CONTROL: 10}
"""Of the treated every fourth orders, of the control every tenth."""


@pytest.fixture
def lifted(site: TestClient) -> TestClient:
    """The campaign `spring`, whose mails move clients."""
    enrolled: list[dict[str, object]] = []
    orders: list[dict[str, object]] = []
    for n in range(CLIENTS):
        client_id, at = f"many{n:04}", ago(40 - n / 100)
        side = assign_arm("spring", client_id, 0.1)
        row = {"campaign": "spring", "client_id": client_id, "entry": "1", "state": "done", "code": "", "arm": side}
        enrolled.append({**row, "enrolled_at": at, "at": at})
        if n % EVERY[side] == 0:
            order = {"client_id": client_id, "type": "order_placed", "value_cents": 5_000 + n}
            orders.append({**order, "event_id": f"m{n}", "occurred_at": at + timedelta(days=2)})
    with write_transaction(site.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        connection.execute(insert(enrolments), enrolled)
        connection.execute(insert(events), orders)
    return site


def test_the_page_tells_the_lift(lifted: TestClient) -> None:
    html = text(lifted, "/campaigns/spring")
    words = plain(html)
    assert "beyond chance" in words
    assert re.search(r"2\d\.\d\d% of those to be mailed ordered within 14 days and \d+\.\d\d% of those held out", words)
    assert "Held out 10 %" in words
    assert re.search(r"Revenue \+\$\d+\.\d\d a client, between \+\$\d+\.\d\d and \+\$\d+\.\d\d", words)
    assert html.count('class="estimate"') > 5
    assert "nan" not in html


def test_a_page_that_keeps_itself_fresh_does_not_count_the_lift_anew(lifted: TestClient) -> None:
    assert 'id="lift"' not in lifted.get("/campaigns/spring", headers={"X-Live": "1"}).text


def test_too_few_clients_are_told_so(site: TestClient) -> None:
    words = plain(text(site, "/campaigns/spring"))
    assert "Too few to tell: nobody's 14 days are over yet, and each side takes 100 clients" in words
    assert "To be mailed 0 0 0 $0.00 12" in words
    assert 'class="estimate"' not in text(site, "/campaigns/spring")


def test_the_picture_keeps_within_its_box() -> None:
    points = [
        LiftPoint(at=utc(2026, 3, day), value=0.02, low=0.02 - 0.1 / day, high=0.02 + 0.1 / day) for day in (1, 9)
    ]
    picture = build_lift_picture(points)
    assert picture is not None
    points_drawn = [tuple(map(float, pair.split(","))) for pair in picture.around.split()]
    assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in points_drawn)
    assert [level.label for level in picture.levels] == ["+10"]
    assert [day.label for day in picture.days] == ["1 Mar", "9 Mar"]
    assert build_lift_picture([]) is None
    one = build_lift_picture(points[:1])
    assert one is not None
    assert len(one.days) == 1


def test_the_overview_tells_what_mail_to_clients_who_drift_brings(tmp_path: Path) -> None:
    nowhere = "127.0.0.1:9"
    away = {"smtp_url": f"smtp://{nowhere}", "temporal_address": nowhere, "worker_health_url": "none"}
    settings = prepare_home(tmp_path, holdout_share=0.1, **away)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        assert "What mail to clients who drift brings Too few to tell" in plain(text(client, "/"))


def test_the_overview_of_a_shop_that_holds_nobody_out_says_nothing_of_it(site: TestClient) -> None:
    assert "clients who drift" not in text(site, "/")
