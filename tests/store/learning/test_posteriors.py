"""Each answer teaches once, whoever learns and whoever dies; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event

from domain.sessions import CREDIT_WINDOW
from services.training import session
from services.training.session import update_posterior
from store.database import connect, read_transaction, write_transaction
from store.learning import posteriors, session_answers
from tests.support.shop_services import NOW
from tests.support.tables import create_tables
from tests.support.visits import Visits

MINUTE = timedelta(minutes=1)
OVER = NOW + CREDIT_WINDOW + timedelta(hours=1)


@pytest.fixture
def visits(engine: Engine) -> Visits:
    return Visits(engine)


def test_what_was_shown_and_what_came_back_is_learnt_once_it_is_over(visits: Visits) -> None:
    shown = visits.page(NOW, "i0", "i1", "i2", n=2)
    assert shown == ("i0", "i1")
    visits.touch("i1", NOW + MINUTE)
    visits.touch("i1", NOW + 2 * MINUTE, "order_placed", value="80.00")
    visits.touch("i2", NOW + 3 * MINUTE)
    assert update_posterior(visits.engine, NOW + CREDIT_WINDOW - MINUTE) == 0
    assert update_posterior(visits.engine, NOW + CREDIT_WINDOW) == 1
    assert visits.sum_examples() == pytest.approx((2, 1.0))
    for _ in range(2):
        assert update_posterior(visits.engine, OVER) == 0
    posterior, signals = visits.load_posterior()
    assert (posterior.version, posterior.lessons, signals.version) == (1, 1, 1)
    assert visits.sum_examples() == pytest.approx((2, 1.0))


def test_pages_of_one_moment_and_batches_lose_and_double_none(visits: Visits) -> None:
    for n in range(7):
        visits.page(NOW + (n // 3) * MINUTE, "i0", f"i{n % 5 + 1}")
    assert update_posterior(visits.engine, OVER, most=2) == 7
    assert visits.sum_examples()[0] == pytest.approx(14, rel=1e-3)
    assert visits.load_posterior()[0].version == 4


def test_a_page_beyond_the_batch_takes_what_is_its_own(visits: Visits) -> None:
    visits.page(NOW, "i0", "i1")
    visits.page(NOW + 10 * MINUTE, "i0", "i2")
    visits.touch("i0", NOW + 20 * MINUTE)
    visits.touch("i1", NOW + 20 * MINUTE)
    update_posterior(visits.engine, NOW + CREDIT_WINDOW, most=1)
    assert visits.sum_examples() == pytest.approx((2, 0.2), rel=1e-3)
    update_posterior(visits.engine, OVER, most=1)
    assert visits.sum_examples() == pytest.approx((4, 0.4), rel=1e-3)


def test_clicks_in_mail_and_of_programs_teach_nothing(visits: Visits) -> None:
    visits.page(NOW, "i0", "i1", "i2", "i3")
    visits.touch("i0", NOW + MINUTE, "email_clicked", machine=True)
    visits.touch("i0", NOW + MINUTE, "email_clicked")
    visits.page(NOW + 2 * MINUTE, "i4", "i5", "i1")
    for n, item in enumerate(("i4", "i5", "i1")):
        visits.touch(item, NOW + 3 * MINUTE + timedelta(milliseconds=n))
    assert update_posterior(visits.engine, OVER) == 2
    assert visits.sum_examples() == pytest.approx((4, 0.0))


def test_many_learners_at_once_teach_each_page_once(visits: Visits) -> None:
    for n in range(40):
        visits.page(NOW + n * MINUTE, "i0", f"i{n % 5 + 1}")
    done: list[int] = []
    threads = [
        threading.Thread(target=lambda: done.append(update_posterior(visits.engine, OVER, most=3))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    update_posterior(visits.engine, OVER)
    assert sum(done) <= 40
    assert visits.load_posterior()[0].lessons == 40
    assert visits.sum_examples()[0] == pytest.approx(80, rel=2e-3)


def test_who_dies_before_the_lesson_is_kept_has_taught_nothing(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    visits.page(NOW, "i0", "i1")

    @contextmanager
    def dies(engine: Engine) -> Iterator[Any]:
        with write_transaction(engine) as connection:
            yield connection
            raise KeyboardInterrupt

    monkeypatch.setattr(session, "write_transaction", dies)
    with pytest.raises(KeyboardInterrupt):
        update_posterior(visits.engine, OVER)
    assert visits.load_posterior()[0].version == 0
    monkeypatch.undo()
    assert update_posterior(visits.engine, OVER) == 1
    assert visits.sum_examples()[0] == pytest.approx(2)


def test_a_release_with_other_features_learns_anew_from_what_is_on_record(visits: Visits) -> None:
    visits.page(NOW, "i0", "i1")
    update_posterior(visits.engine, OVER)
    with write_transaction(visits.engine) as connection:
        posterior = posteriors.load_posterior(connection, "session")
        other = {"names": ["old"], "precision": [[1.0]], "moment": [0.0]}
        assert posteriors.replace_posterior(
            connection, "session", posterior, other, posterior.at, posterior.decision, posterior.lessons
        )
        assert not posteriors.replace_posterior(
            connection, "session", posterior, other, posterior.at, posterior.decision, posterior.lessons
        )
    assert update_posterior(visits.engine, OVER) == 1
    posterior, signals = visits.load_posterior()
    assert (posterior.version, posterior.lessons) == (3, 1)
    assert np.allclose(visits.sum_examples()[0], 2)
    assert signals.version == 3


def test_the_next_lesson_is_found_without_reading_those_before_it(tmp_path: Path) -> None:
    """A look each minute must not read a year's pages."""
    engine, statements = connect(f"sqlite:///{tmp_path}/shop.db"), list[str]()
    create_tables(engine)
    event.listen(engine, "before_cursor_execute", lambda *of: statements.append(of[2]))
    with read_transaction(engine) as connection:
        session_answers.load_answers(connection, (NOW, "x"), OVER, 10)
        (query,) = (statement for statement in statements if "FROM decisions" in statement)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("",) * query.count("?")).all()
    engine.dispose()
    assert any("at>? AND at<?" in row.detail for row in plan), plan
