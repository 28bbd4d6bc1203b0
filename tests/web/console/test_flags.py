"""Flags in the pages: a new one with its fault beside it, started, its shares changed, read, stopped."""

from __future__ import annotations

from fastapi.testclient import TestClient

from store.database import write_transaction
from store.tables import visit_tallies
from tests.web.auth.staff import find_form_token, get_app_context

FLAG = """
name: More items
arms:
  - {name: as-now, share: 0.5}
  - {name: longer, share: 0.5, effect: {count: 12, delay_ms: 800, shown: true}}
"""


def post(site: TestClient, path: str, **fields: str) -> str:
    token = find_form_token(site.get("/algorithms" if path == "/flags" else path).text)
    return site.post(path, data={"token": token, **fields}).text


def test_a_flag_is_saved_started_changed_read_and_stopped(site: TestClient) -> None:
    assert "each client sees what everybody does" in site.get("/algorithms").text
    refused = post(site, "/flags", slug="longer", flag=FLAG.replace("count", "colour"))
    assert "Colour is not a field" in refused.partition('role="alert"')[2].partition("</p>")[0]
    assert "name: More items" in refused, "what was typed stays"
    page = post(site, "/flags", slug="longer", flag=FLAG)
    assert "12 items, shown after 800 ms" in page
    assert "Start it" in page
    page = post(site, "/flags/longer", act="start")
    assert "Too few to tell" in page
    assert "Start it" not in page
    assert "add up to 1" in post(site, "/flags/longer", act="shares", share="50", arm0="60", arm1="30")
    assert "in percent" in post(site, "/flags/longer", act="shares", share="half", arm0="60", arm1="40")
    page = post(site, "/flags/longer", act="shares", share="50", arm0="80", arm1="20")
    assert "50 % of the clients and visits of namespace default" in page
    with write_transaction(get_app_context(site).engine) as connection:
        for arm, clicked, visits in (("as-now", 300, 800), ("longer", 110, 200)):
            sums = {"visits": visits, "clicked": clicked, "minutes": 4_000.0, "minutes_squared": 40_000.0}
            connection.execute(visit_tallies.insert().values(flag="longer", arm=arm, **sums))
    page = site.get("/flags/longer").text
    assert "Longer, anonymous visits with a click: 55.0% against 37.5% of the control (+46.7%)" in page
    assert "+17.50 points" in page
    assert "Give one of start, stop, shares" in post(site, "/flags/longer", act="")
    page = post(site, "/flags/longer", act="stop")
    assert "Stopped" in page
    assert "Stop it" not in page
    assert "More items" in site.get("/algorithms").text
    assert site.get("/flags/none").status_code == 404


def test_arms_of_the_wrong_size_show_no_comparison(site: TestClient) -> None:
    post(site, "/flags", slug="longer", flag=FLAG)
    post(site, "/flags/longer", act="start")
    with write_transaction(get_app_context(site).engine) as connection:
        for arm, visits in (("as-now", 400), ("longer", 900)):
            sums = {"visits": visits, "clicked": 30, "minutes": 4_000.0, "minutes_squared": 40_000.0}
            connection.execute(visit_tallies.insert().values(flag="longer", arm=arm, **sums))
    page = site.get("/flags/longer").text
    assert "do not compare them" in page
    assert "points" not in page
