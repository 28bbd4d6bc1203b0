"""kill -9 of web processes and of the processes beside them, under load: nobody gets another client's items, only who
was connected to a killed process fails, and nothing that was acknowledged is lost or recorded twice. The seed is
printed; SELVEDGE_TEST_WEB_KILLS=20 kills twenty times.

Each client owns every piece but one, so the only right answer is that piece; where something was missing the answer is
what everybody is shown then, and says so.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, select

from settings import Settings
from store.database import connect, read_transaction
from store.tables import decisions, events
from tests.support.ports import free_ports
from tests.support.seeds import draw_seed
from tests.support.shop_services import StockedShop
from tests.support.tables import create_tables
from tests.support.web_load import CLIENTS, WebLoad, name_client, name_piece
from tests.support.web_processes import PROCESSES, Site, ask, wait

ROUNDS = int(os.environ.get("SELVEDGE_TEST_WEB_KILLS", "4"))
REPLACED_S = 5.0
READY_S = 3.0
LATE_S = 1.0
"""Where all but one answer of twenty are there: 50 ms for the database, the rest for a machine busy with tests."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'selvedge.db'}")
    create_tables(engine, fill_shop)
    yield engine
    engine.dispose()


def fill_shop(engine: Engine) -> None:
    shop = StockedShop(engine)
    for number in range(CLIENTS):
        shop.item(name_piece(number))
        shop.client(name_client(number))
    owned = [(client, piece) for client in range(CLIENTS) for piece in range(CLIENTS) if client != piece]
    shop.events(
        [
            {"client_id": name_client(one), "type": "order_placed", "item_id": name_piece(piece), "days_ago": 9}
            for one, piece in owned
        ]
    )


def test_kills_under_load_mix_no_clients_and_lose_nothing_that_was_acknowledged(tmp_path: Path, engine: Engine) -> None:
    seed = draw_seed()
    web, mailbox = free_ports(2)
    settings = Settings(
        _env_file=None, home=tmp_path, web_port=web, mailbox_port=mailbox, web_helper=True, worker_health_url="none"
    )
    site = Site(settings)
    try:
        wait(site.is_up, bool, 120)
        killer = Killer(site, random.Random(seed))
        with WebLoad(site, engine, seed) as load:
            killer.kill_in_turn(ROUNDS)
        print(load.describe(), killer.describe(), sep="\n")
    finally:
        told = site.end()
    wait(lambda: [one for one in killer.helpers if is_running(one)], lambda left: not left, 10)
    assert told.count(b"another takes its place") == len(killer.pauses), told.decode()
    assert not load.wrong
    assert load.answers
    assert load.taken
    assert not [one for one in load.failures if not killer.explains(*one)]
    assert sum(one.seconds > LATE_S for one in load.answers) <= len(load.answers) / 20
    assert max(killer.pauses, default=0.0) < REPLACED_S
    assert not find_lost(engine, load)
    assert not list((tmp_path / "spool").iterdir())


def find_lost(engine: Engine, load: WebLoad) -> list[str]:
    """What is wrong between what callers were told and what the database has."""
    with read_transaction(engine) as connection:
        stored = Counter(connection.scalars(select(events.c.event_id).where(events.c.type == "item_viewed")))
        of_pages = (decisions.c.slot == "ranking", decisions.c.n.is_(None))
        rows = connection.execute(select(decisions.c.id, decisions.c.client_id, decisions.c.answer).where(*of_pages))
        recorded = {row.id: (row.client_id, [one["item_id"] for one in row.answer["items"]]) for row in rows}
    answered = {one.decision: (one.client_id, one.items) for one in load.answers if one.decision is not None}
    rules = {
        "an acknowledged event is not there": set(load.taken) <= set(stored),
        "an event is there that nobody sent": set(stored) <= set(load.sent),
        "a decision is not on record as it was answered": answered.items() <= recorded.items(),
        "more decisions than answers that arrived, and such that a kill cut off": len(recorded) - len(answered)
        <= len(load.failures),
    }
    return [wrong for wrong, holds in rules.items() if not holds]


class Killer:
    """Kills a web process or the process beside one, at random."""

    def __init__(self, site: Site, chance: random.Random) -> None:
        self._site, self._chance = site, chance
        self._cut: list[tuple[float, set[int]]] = []
        self.helpers: set[int] = set()
        self.pauses: list[float] = []
        self._killed_ready: list[bool] = []

    def kill_in_turn(self, rounds: int) -> None:
        """Kill both kinds equally often, in a random order."""
        kinds = [self._kill_web, self._kill_helper] * ((rounds + 1) // 2)
        self._chance.shuffle(kinds)
        for kill in kinds[:rounds]:
            time.sleep(self._chance.uniform(0.1, 0.6))
            kill()

    def _kill_web(self) -> None:
        """Hold it while what it holds is noted: then no connection is of unknown fate."""
        victim = self._chance.choice(sorted(self._site.list_processes()))
        self.helpers |= {one.pid for one in psutil.Process(victim).children()}
        os.kill(victim, signal.SIGSTOP)
        wait(psutil.Process(victim).status, lambda status: status == psutil.STATUS_STOPPED, 5)
        held = list_callers(victim)
        began = time.monotonic()
        self._cut.append((began, held))
        os.kill(victim, signal.SIGKILL)
        wait(lambda: self._have_replaced(victim), bool, 60)
        latest = max(self._site.list_processes(), key=lambda pid: psutil.Process(pid).create_time())
        self.pauses.append(time.monotonic() - began - find_wait(latest))

    def _have_replaced(self, victim: int) -> bool:
        """Whether as many stand, and each has a connection; callers open new ones all the time."""
        standing = self._site.list_processes()
        with closing(self._site.connect()) as connection:
            assert ask(connection, "/static/selvedge.svg")[0] == 200
            return victim not in standing and len(standing) == PROCESSES and all(map(list_callers, standing))

    def _kill_helper(self) -> None:
        """Kill one that is ready to be asked, or starts still where that takes long."""
        until = time.monotonic() + READY_S
        found = wait(self._list_helpers, lambda found: any(found.values()) or (found and time.monotonic() > until))
        ready = [pid for pid, is_ready in found.items() if is_ready]
        os.kill(self._chance.choice(ready or list(found)), signal.SIGKILL)
        self._killed_ready.append(bool(ready))

    def _list_helpers(self) -> dict[int, bool]:
        """By process id whether it is ready."""
        webs = [psutil.Process(one) for one in self._site.list_processes()]
        helpers = [one for web in webs for one in web.children()]
        self.helpers |= {one.pid for one in helpers}
        return {one.pid: has_database_open(one) for one in helpers}

    def explains(self, port: int, opened: float, failed: float) -> bool:
        """Whether a request failed because its connection was held by a process when that was killed."""
        return any(port in held and opened < at <= failed for at, held in self._cut)

    def describe(self) -> str:
        """What was killed, and how long others took to stand."""
        cut = sum(len(held) for _, held in self._cut)
        webs = ", ".join(f"{one:.2f}" for one in self.pauses)
        count, ready = len(self._killed_ready), sum(self._killed_ready)
        return f"{len(self.pauses)} web processes killed with {cut} connections, replaced after {webs} s\n" + (
            f"{count} processes beside them killed, {count - ready} of them while they started"
        )


def list_callers(pid: int) -> set[int]:
    """The ports at the other ends of what a process holds."""
    return {one.raddr.port for one in psutil.Process(pid).net_connections("tcp") if one.raddr}


def find_wait(pid: int) -> float:
    """For how many seconds the machine had no core for a process: others use it, which says nothing of the product."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def has_database_open(process: psutil.Process) -> bool:
    try:
        return any(file.path.endswith("selvedge.db") for file in process.open_files())
    except psutil.Error:
        return False


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
