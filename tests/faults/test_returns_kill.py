"""`selvedge returns` may be killed at any moment: what it acknowledged is in, and what is sent again counts once."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from bench.opt_outs import build_settings
from bench.returns import PushedMail, build_mails, fill_ledger, push_mails, wait_for_port
from mail.links import Links
from mail.returns.reading import read_return
from models.returns import ReturnKind
from settings import Settings
from store.database import connect, read_transaction
from store.tables import events, outreach_steps, returns
from tests.support.ports import free_port
from tests.support.worker import ROOT, environment

MAILS = 160


def serve(settings: Settings, processes: int = 1) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cli", "returns", "--workers", str(processes)]
    process = subprocess.Popen(command, env=environment(settings), cwd=ROOT, stderr=subprocess.PIPE)
    wait_for_port(settings.returns_port, process)
    return process


def push_until_killed(
    server: subprocess.Popen[bytes], port: int, mails: list[PushedMail], acknowledged: int
) -> list[PushedMail]:
    """Kill the server, or one of its processes, once so many are acknowledged; return those that were by then."""
    done: list[PushedMail] = []
    target = next(iter(psutil.Process(server.pid).children()), server)

    def note(mail: PushedMail, code: int) -> None:
        if code == 250:
            done.append(mail)
        if len(done) >= acknowledged:
            target.kill()

    with pytest.raises((OSError, ValueError, ExceptionGroup)):
        asyncio.run(push_mails(port, mails, note=note))
    if target is server:
        server.communicate(timeout=30)
    return done


@pytest.mark.parametrize(("seed", "processes"), [(1, 1), (2, 2)])
def test_a_kill_loses_nothing_and_counts_nothing_twice(tmp_path: Path, seed: int, processes: int) -> None:
    """Of one process, which is started again; or of one of two, in whose place another comes."""
    chance = random.Random(seed)
    settings = build_settings(tmp_path).model_copy(update={"returns_port": free_port()})
    fill_ledger(settings, MAILS)
    links = Links.from_settings(settings)
    mails = build_mails(links, MAILS)
    chance.shuffle(mails)
    server = serve(settings, processes)
    done = push_until_killed(server, settings.returns_port, mails, chance.randrange(20, 100))
    expected = {mail.recipient: read_return(mail.raw, mail.recipient, links) for mail in mails}
    engine = connect(settings.database)
    with read_transaction(engine) as connection:
        stored = set(connection.scalars(select(returns.c.id)))
    assert {expected[mail.recipient].report_id for mail in done} <= stored, "what was acknowledged is in"
    server = serve(settings) if server.poll() is not None else server
    codes = asyncio.run(push_mails(settings.returns_port, mails))  # the sender cannot know what was in already
    server.terminate()
    lines = server.communicate(timeout=30)[1].decode()
    assert ("another takes its place" in lines) is (processes == 2), lines
    assert server.returncode == 0, lines
    assert codes == {250: MAILS}
    failed = sum(reading.kind is ReturnKind.FAILED for reading in expected.values())
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(returns)) == MAILS
        bounced = select(func.count()).where(outreach_steps.c.state == "bounced")
        assert connection.scalar(bounced) == failed
        told = select(func.count()).where(events.c.type == "email_bounced")
        assert connection.scalar(told) == failed
    engine.dispose()
