"""A simulation that a program asked for: one at a time, told as it is, whoever is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import BadInput, NotAllowed, NotFound, Taken
from models.actors import Actor, Channel, Role
from models.campaign import CampaignSpec
from models.simulation import SimulationOrder
from services.campaigns import simulation_jobs
from services.campaigns.simulation_jobs import Cancelled, JobDiary, begin_job, cancel_job, find_job
from services.context import ServiceContext
from settings import Settings
from store.campaigns import campaigns
from store.database import connect, write_transaction
from store.tables import metadata
from tests.store.conftest import NOW

MARKETER = Actor(who="mia", role=Role.MARKETER, channel=Channel.API)
ORDER = SimulationOrder(days=3, clients=2)
PID = "process.id"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServiceContext]:
    """A shop with two campaigns whose simulations do nothing but last, and say who they are."""
    tell = f"open(os.environ['SELVEDGE_HOME'] + '/{PID}', 'w').write(str(os.getpid()))"
    script = f"import os, time; {tell}; time.sleep(60)"
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.setattr(simulation_jobs, "COMMAND", ("-c", script))
    settings = Settings(home=tmp_path, _env_file=None)
    engine = connect(settings.database)
    metadata.create_all(engine)
    with write_transaction(engine) as connection:
        for slug in ("spring", "autumn"):
            campaigns.create_campaign(connection, CampaignSpec(slug=slug, name=slug), NOW)
    yield ServiceContext(settings, engine)
    kill(tmp_path)
    engine.dispose()


def kill(home: Path) -> None:
    """End the process of the job, and wait until it is gone."""
    file = home / PID
    if not file.exists():
        return
    while not (text := file.read_text()):
        pass
    file.unlink()
    os.kill(int(text), signal.SIGKILL)


def wait_for_process(home: Path) -> None:
    while not (home / PID).exists():
        pass


def test_one_runs_at_a_time_and_what_was_killed_says_so(context: ServiceContext) -> None:
    home = context.settings.home
    job = begin_job(context, MARKETER, "spring", ORDER)
    wait_for_process(home)
    assert find_job(home, "spring") == job
    assert (job.state, job.by.who, job.days) == ("running", "mia", 3)
    with pytest.raises(Taken, match=r"^mia simulates spring now; one at a time$"):
        begin_job(context, MARKETER, "autumn", ORDER)
    with pytest.raises(NotFound):
        find_job(home, "autumn")
    kill(home)
    while find_job(home, "spring").state == "running":
        pass
    assert find_job(home, "spring").state == "interrupted"
    with pytest.raises(BadInput, match="it is interrupted already"):
        cancel_job(home, MARKETER, "spring")
    assert begin_job(context, MARKETER, "autumn", ORDER).state == "running"
    wait_for_process(home)


def test_a_job_tells_its_days_and_hears_that_it_is_cancelled(context: ServiceContext) -> None:
    home = context.settings.home
    job = begin_job(context, MARKETER, "spring", ORDER)
    wait_for_process(home)
    diary = JobDiary(home, job.id)
    assert diary.order == ORDER
    diary.tell(1, 5)
    assert (find_job(home, "spring").day, find_job(home, "spring").mails) == (1, 5)
    cancel_job(home, MARKETER, "spring")
    with pytest.raises(Cancelled) as cancelled:
        diary.tell(2, 9)
    diary.fail(NOW, cancelled.value)
    assert (find_job(home, "spring").state, find_job(home, "spring").day) == ("cancelled", 1)


def test_a_fault_is_told_without_what_it_was_about(context: ServiceContext) -> None:
    home = context.settings.home
    job = begin_job(context, MARKETER, "spring", ORDER)
    wait_for_process(home)
    JobDiary(home, job.id).fail(NOW, ValueError("ann@shop.example"))
    assert (find_job(home, "spring").state, find_job(home, "spring").why) == ("failed", "ValueError")
    JobDiary(home, job.id).fail(NOW, BadInput("nobody is in its audience now", "audience"))
    assert find_job(home, "spring").why == "audience: nobody is in its audience now"


def test_who_may_not_begins_nothing(context: ServiceContext) -> None:
    viewer = Actor(who="vic", role=Role.VIEWER, channel=Channel.API)
    with pytest.raises(NotAllowed):
        begin_job(context, viewer, "spring", ORDER)
    with pytest.raises(NotFound):
        begin_job(context, MARKETER, "winter", ORDER)
    assert not (context.settings.home / PID).exists()
