"""A campaign's simulation in pages: begun, watched, stopped, read day by day, and held against what came to be."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.actors import Actor, Channel, Role
from models.simulation import SimulationOrder, dump_stored
from services.campaigns import simulation_jobs
from services.campaigns.simulation_jobs import JobDiary, find_job
from store.campaigns import campaigns, simulations
from store.database import write_transaction
from tests.support.simulations import build_kept_report
from tests.web.auth.staff import find_form_token, get_app_context
from tests.web.console.test_pages import plain
from tests.web.sample_shop import NOW

PAGE = "/campaigns/spring/simulation"
MARKETER = Actor(who="mia", role=Role.MARKETER, channel=Channel.PAGE)


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Simulations whose processes do nothing but last; each is killed at the end."""
    spawned: list[int] = []
    monkeypatch.setattr(simulation_jobs, "COMMAND", ("-c", "import time; time.sleep(60)"))
    popen = subprocess.Popen

    def note(*args: Any, **more: Any) -> Any:
        process = popen(*args, **more)
        spawned.append(process.pid)
        return process

    monkeypatch.setattr("subprocess.Popen", note)
    yield spawned
    for pid in spawned:
        os.kill(pid, signal.SIGKILL)


def keep(
    site: TestClient, slug: str = "spring", id_: str = "s1", started_days: float | None = None, **more: Any
) -> Any:
    report = build_kept_report(slug, NOW.date(), **more)
    with write_transaction(get_app_context(site).engine) as connection:
        at = NOW + timedelta(minutes=int(id_[1:]))
        simulations.save_simulation(connection, id_, slug, "mia", dump_stored(report), at)
        begun = None if started_days is None else NOW - timedelta(days=started_days)
        campaigns.update_campaign(connection, slug, NOW, started_at=begun)
    return report


def post(site: TestClient, **fields: str) -> Any:
    token = find_form_token(site.get(PAGE).text)
    return site.post(PAGE, data={"token": token} | fields, follow_redirects=False)


def read_table(page: str, key: str) -> list[list[str]]:
    table = page.partition(f'id="table-{key}"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def test_it_is_begun_watched_and_stopped_from_its_page(site: TestClient, lasting: list[int]) -> None:
    home = get_app_context(site).settings.home
    page = site.get(PAGE).text
    assert "It was not simulated yet." in page
    done = post(site, act="begin", days="20", clients="5", seed="3", version="")
    assert (done.status_code, len(lasting)) == (303, 1)
    job = find_job(home, "spring")
    assert (job.state, job.days, job.clients, job.seed, job.by.who) == ("running", 20, 5, 3, "demo")
    diary = JobDiary(home, job.id)
    diary.tell(4, 17)
    running = plain(site.get(PAGE).text)
    assert "Day 4 of 20 is over; 17 mails so far." in running
    assert "20.0" in re.findall(r'meter-in" width="([^"]+)"', site.get(PAGE).text)
    assert 'value="begin"' not in site.get(PAGE).text, "one at a time"
    again = site.post(
        "/campaigns/evil/simulation",
        data={
            "token": find_form_token(site.get("/campaigns/evil/simulation").text),
            "act": "begin",
            "days": "3",
            "clients": "3",
            "seed": "1",
        },
    )
    assert (again.status_code, "simulates spring now" in again.text) == (422, True)
    assert post(site, act="stop").status_code == 303
    with pytest.raises(simulation_jobs.Cancelled) as stopped:
        diary.tell(5, 20)
    diary.fail(NOW, stopped.value)
    assert "Stopped" in plain(site.get(PAGE).text)


def test_what_cannot_be_asked_is_said_at_its_field(site: TestClient, lasting: list[int]) -> None:
    refused = post(site, act="begin", days="500", clients="5", seed="1")
    assert (refused.status_code, 'id="wrong-days"' in refused.text, 'value="500"' in refused.text) == (422, True, True)
    assert post(site, act="begin", days="5", clients="5", seed="1", version="7").status_code == 422
    assert post(site, act="stop").status_code == 422
    assert site.get(f"{PAGE}?id=none").status_code == 404
    assert site.get("/campaigns/nothing/simulation").status_code == 404
    assert lasting == []


def test_its_days_are_bars_and_a_table_of_the_same_numbers(site: TestClient) -> None:
    report = keep(site)
    page = site.get(PAGE).text
    header, *rows = read_table(page, "sent")
    assert header[:3] == ["Day", "Of this campaign", "Other mails"]
    assert [(int(row[1]), int(row[2])) for row in rows] == [(day.sent, day.other_sent) for day in report.per_day]
    assert [int(row[1]) for row in read_table(page, "desk")[1:]] == [day.drafts for day in report.per_day]
    assert [int(row[2]) for row in read_table(page, "held")[1:]] == [day.collided for day in report.per_day]
    heights = [float(height) for height in re.findall(r'class="sim-own" x=[^>]+ height="([\d.]+)"', page)]
    assert len(heights) == sum(day.sent > 0 for day in report.per_day)
    assert heights[0] / heights[1] == pytest.approx(report.per_day[0].sent / report.per_day[1].sent, rel=0.01)
    words = plain(page)
    for said in ("10 of 45 in its audience", "about 4.5 times as large", "40.0 10.2 92.5", "+2.00 -1.00 +5.00"):
        assert said in words, said
    assert "not to be told from nothing" in words, "an interval over zero is no success"
    assert "winter 1, the shop's own mail 1" in words
    assert "Beside what came to be" not in words, "it has not started"


def test_it_stands_beside_what_came_to_be_there_and_on_the_campaigns_page(site: TestClient) -> None:
    keep(site, started_days=3.5)
    for path in (PAGE, "/campaigns/spring"):
        words = plain(site.get(path).text)
        assert "Beside what came to be" in words, path
        assert plain("Mails 2,200.0 0.0") in words, (path, words[-900:])
        assert "By the end of its day 4" in words
    keep(site, id_="s2", started_days=3.5, days=2)
    assert "By the end of its day 2, the last that was simulated" in plain(site.get(PAGE).text)
    older = plain(site.get(f"{PAGE}?id=s1").text)
    assert "30 days from" in older
    assert "Beside what came to be" not in older, "only the latest is compared"


def test_who_may_not_reads_and_begins_nothing(site: TestClient, lasting: list[int], tmp_path: Path) -> None:
    viewer = Actor(who="vic", role=Role.VIEWER, channel=Channel.PAGE)
    with pytest.raises(Exception, match="viewer"):
        simulation_jobs.begin_job(get_app_context(site), viewer, "spring", SimulationOrder())  # type: ignore[arg-type]
    assert lasting == []
