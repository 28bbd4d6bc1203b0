"""Killing the process that updates the page order's posterior, again and again: each page counts once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from domain.sessions import CREDIT_WINDOW
from services.training.session import update_posterior
from store.database import connect
from tests.support.seeds import draw_seed
from tests.support.shop_services import NOW
from tests.support.tables import create_tables
from tests.support.visits import Visits

PAGES, ROUNDS = 60, 3
OVER = NOW + timedelta(days=1) + CREDIT_WINDOW
LEARNER = """
import sys
from datetime import datetime
from services.training.session import update_posterior
from store.database import connect
engine = connect(sys.argv[1])
print("ready", flush=True)
update_posterior(engine, datetime.fromisoformat(sys.argv[2]), most=1)
"""


def test_who_is_killed_while_learning_neither_loses_nor_doubles(tmp_path: Path) -> None:
    url, seed = f"sqlite:///{tmp_path / 'shop.db'}", draw_seed()
    rng, engine = random.Random(seed), connect(url)
    create_tables(engine)
    visits = Visits(engine)
    for n in range(PAGES):
        visits.page(NOW + n * timedelta(minutes=1), "i0", f"i{n % 5 + 1}")
    counts = []
    for _ in range(ROUNDS):
        with subprocess.Popen(
            [sys.executable, "-c", LEARNER, url, OVER.isoformat()], stdout=subprocess.PIPE
        ) as learner:
            assert learner.stdout is not None
            assert learner.stdout.readline() == b"ready\n"
            time.sleep(rng.uniform(0.02, 0.1))
            learner.send_signal(signal.SIGKILL)
        counts.append(visits.load_posterior()[0].lessons)
    assert counts == sorted(counts)
    assert counts[-1] > 0
    update_posterior(engine, OVER)
    assert visits.load_posterior()[0].lessons == PAGES
    assert visits.sum_examples()[0] == pytest.approx(2 * PAGES, rel=5e-3)
    engine.dispose()
