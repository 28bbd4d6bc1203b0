"""Today says what needs whom, leads there, and tells what was done; figures and mails by state have their pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from domain.permissions import Action, may
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from models.mail_servers import ServerState
from services.figures.days import count_days
from store.activity import write_activity
from store.database import write_transaction
from store.mail.mail_servers import save_server_state
from store.tables import campaigns, outreaches
from tests.support.desk import put_draft
from tests.web.console.test_pages import plain
from tests.web.sample_shop import NOW, ago

STYLIST = Actor(who="eve", role=Role.STYLIST, channel=Channel.PAGE)


def test_what_needs_somebody_is_said_and_leads_to_where_it_is_done(site: TestClient) -> None:
    context = site.app.state.context  # type: ignore[attr-defined]
    with write_transaction(context.engine) as connection:
        put_draft(connection, "ada", 8)
        connection.execute(update(campaigns).where(campaigns.c.slug == "spring").values(state="paused"))
        connection.execute(update(outreaches).where(outreaches.c.n == 2).values(state="unknown"))
        down = ServerState(code="smtp_auth", failures=3, since=NOW)
        save_server_state(connection, "127.0.0.1:9", down)
        subject = Subject(kind=SubjectKind.CLIENT, id="ada")
        for days in (0.1, 0.2, 3):
            write_activity(connection, STYLIST, Action.PAUSE_CLIENT, subject, ago(days), NOW)
    page = site.get("/").text
    words = plain(page)
    for line, link in (
        ("1 draft waits to be read", "/review"),
        ("1 Fix waits for a decision", "/fixes"),
        ("2 campaigns are paused", "/campaigns"),
        ("1 mail of which nobody knows whether they arrived", "/mails?state=unknown"),
    ):
        assert line in words
        assert f'<a href="{link}"><b>{line[0]}</b>' in page
    assert words.index("mail server refuses our mail") < words.index("draft waits"), "the urgent is first"
    assert "Mail to a client paused, 2 times by eve" in words
    assert "The wool coat you liked is back" in site.get("/mails?state=unknown").text


def test_a_quiet_day_says_so(site: TestClient) -> None:
    context = site.app.state.context  # type: ignore[attr-defined]
    with write_transaction(context.engine) as connection:
        connection.exec_driver_sql("UPDATE fixes SET state = 'closed'")
        connection.exec_driver_sql("UPDATE campaigns SET state = 'ended'")
        connection.exec_driver_sql("UPDATE webhook_endpoints SET failing_since = NULL")
    assert "Nothing waits for you." in plain(site.get("/").text)


def test_whom_a_line_concerns_is_their_role_s_to_say() -> None:
    assert may(STYLIST, Action.DECIDE_FIX)
    assert not may(STYLIST, Action.RESUME_CAMPAIGN)


@pytest.mark.parametrize("days", [7, 28])
def test_the_figures_are_shown_with_what_they_mean(site: TestClient, days: int) -> None:
    count_days(site.app.state.context.engine, NOW)  # type: ignore[attr-defined]
    page = plain(site.get(f"/kpis?days={days}").text)
    assert "Average order value $289.00" in page
    assert "Mails that a person clicked in" in page
    chart = site.get(f"/kpis/average_order_value?days={days}").text
    assert "<polyline" in chart
    assert "18 November 2026" in chart
    lines = site.get(f"/kpis.csv?days={days}").text.splitlines()
    assert "average_order_value,2026-11-18,28900.0,cents" in lines
    assert site.get("/kpis/nothing").status_code == 404


def test_the_api_answers_the_same_figures(site: TestClient) -> None:
    context = site.app.state.context  # type: ignore[attr-defined]
    key = {"Authorization": f"Bearer {context.settings.keys.api}"}
    answer = site.get("/v1/metrics?days=7", headers=key).json()
    [figure] = [kpi for kpi in answer["kpis"] if kpi["key"] == "mails_sent"]
    assert (answer["days"], len(figure["series"]), figure["unit"]) == (7, 7, "count")
    assert site.get("/v1/metrics?days=0", headers=key).status_code == 422
    assert site.get("/v1/metrics").status_code == 401
