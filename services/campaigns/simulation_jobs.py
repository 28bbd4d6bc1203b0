"""Simulations that programs ask for: one at a time, each in a process of its own that outlives whoever asked.

What is known of the latest stands in a file under `SELVEDGE_HOME`. The process holds a lock for as long as it lives; a
job that says that it runs while nobody holds the lock was interrupted.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from domain import permissions
from domain.permissions import Action
from errors import BadInput, NotFound, SelvedgeError, Taken
from models.actors import Actor
from models.base import CampaignSlug
from models.simulation import SimulationJob, SimulationOrder
from services.campaigns.preview_counts import load_previewed
from services.context import ServiceContext
from services.private_folders import SIMULATIONS
from store.database import read_transaction

PATIENCE_S: Final = 0.3
COMMAND: Final = ("-m", "cli", "campaign", "simulate")


class Cancelled(SelvedgeError):
    """Somebody cancelled the simulation."""


def begin_job(context: ServiceContext, actor: Actor, slug: CampaignSlug, order: SimulationOrder) -> SimulationJob:
    """Begin a simulation in a process of its own.

    Raises: NotAllowed; NotFound for an unknown campaign or version; Taken while another one runs.
    """
    permissions.require(actor, Action.SIMULATE_CAMPAIGN)
    with read_transaction(context.engine) as connection:
        load_previewed(connection, slug, order.version)
    home = context.settings.home
    with _open_lock(home) as held:
        if not _take(held, PATIENCE_S):
            busy = _read(home)
            raise Taken(f"{busy.by.who} simulates {busy.slug} now; one at a time" if busy else "one runs already")
        asked = order.model_dump()
        job = SimulationJob(id=uuid4().hex, slug=slug, by=actor, started_at=context.wall(), **asked)
        _write(home, job)
        _get_path(home, "cancel").unlink(missing_ok=True)
        _spawn(job, held)
    return job


def _spawn(job: SimulationJob, held: int) -> None:
    """Start the process, with the settings of this one. It inherits the lock: that is free when the process is gone."""
    process = subprocess.Popen(  # noqa: S603 - our own program, and a slug that was checked
        [sys.executable, *COMMAND, job.slug, "--job", job.id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(held,),
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="simulation", daemon=True).start()


def find_job(home: Path, slug: CampaignSlug) -> SimulationJob:
    """Find the latest simulation that a program asked for. Raises NotFound where it is of another campaign."""
    with _open_lock(home) as held:
        job = _read(home)
        if job is None or job.slug != slug:
            raise NotFound(f"no program asked to simulate {slug} of late", "slug")
        if job.state == "running" and _take(held):
            job = job.model_copy(update={"state": "interrupted", "why": "its process is gone; ask for it again"})
            _write(home, job)
    return job


def cancel_job(home: Path, actor: Actor, slug: CampaignSlug) -> SimulationJob:
    """Ask the simulation of a campaign to stop. It does when its present day is over, and keeps nothing.

    Raises: NotAllowed; NotFound; BadInput when it does not run.
    """
    permissions.require(actor, Action.SIMULATE_CAMPAIGN)
    job = find_job(home, slug)
    if job.state != "running":
        raise BadInput(f"it is {job.state} already", "slug")
    _get_path(home, "cancel").write_text(job.id)
    return job


class JobDiary:
    """What the process of a job writes down of it."""

    def __init__(self, home: Path, job_id: str) -> None:
        job = _read(home)
        if job is None or job.id != job_id:
            raise NotFound("no such job", "job")
        self._home, self.job = home, job

    @property
    def order(self) -> SimulationOrder:
        """What was asked for."""
        return SimulationOrder.model_validate(self.job.model_dump(include=set(SimulationOrder.model_fields)))

    def tell(self, day: int, mails: int) -> None:
        """Note a day that is over. Raises Cancelled when somebody wants no more."""
        cancelled = ""
        with suppress(FileNotFoundError):
            cancelled = _get_path(self._home, "cancel").read_text()
        if cancelled == self.job.id:
            raise Cancelled("it was cancelled")
        self._note(day=day, mails=mails)

    def close(self, now: datetime, simulation_id: str) -> None:
        """Note that it is done, and where its report is."""
        self._note(state="done", ended_at=now, simulation_id=simulation_id)

    def fail(self, now: datetime, fault: BaseException) -> None:
        """Note why it ended early."""
        if isinstance(fault, Cancelled):
            self._note(state="cancelled", ended_at=now)
        else:
            why = str(fault) if isinstance(fault, SelvedgeError) else type(fault).__name__
            self._note(state="failed", ended_at=now, why=why)

    def _note(self, **changed: object) -> None:
        self.job = self.job.model_copy(update=changed)
        _write(self._home, self.job)


def _get_path(home: Path, name: str) -> Path:
    return home / SIMULATIONS / f"job.{name}"


def _read(home: Path) -> SimulationJob | None:
    try:
        return SimulationJob.model_validate_json(_get_path(home, "json").read_bytes())
    except FileNotFoundError:
        return None


def _write(home: Path, job: SimulationJob) -> None:
    """Write the file whole or not at all: it is read at any moment."""
    new = _get_path(home, f"{job.id}.new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(job.model_dump_json())
    new.replace(_get_path(home, "json"))


@contextmanager
def _open_lock(home: Path) -> Iterator[int]:
    (home / SIMULATIONS).mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(_get_path(home, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield held
    finally:
        os.close(held)


def _take(held: int, patience_s: float = 0.0) -> bool:
    """Take the lock if nobody has it. Whoever asks how far a job is may hold it for a moment."""
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True
