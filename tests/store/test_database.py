"""A database that is none, or that does not answer: one line that names what to mend."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from errors import ConfigError, Unavailable
from store.database import connect, ping, read_transaction, write_transaction


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://x/y",
        "sqlite+none:///x",
        "postgresql+none://x@127.0.0.1/y",
        "postgresql+psycopg://x@127.0.0.1:notaport/y",
        "sqlite:////proc/none/x.db",
    ],
)
def test_a_url_that_cannot_be_served_is_said_in_one_line(url: str) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_DATABASE_URL") as raised:
        connect(url)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("What the shop sells.\n" * 100)
    engine = connect(f"sqlite:///{file}")
    with pytest.raises(Unavailable, match=r"SELVEDGE_DATABASE_URL.*not a database") as raised:
        ping(engine)
    engine.dispose()
    assert "\n" not in str(raised.value)
    assert file.read_text().startswith("What the shop sells.")


def test_too_many_at_once_is_worth_another_try(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'x.db'}").execution_options()
    engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    connections = [engine.connect() for _ in range(48)]
    with pytest.raises(Unavailable, match="in use"), read_transaction(engine) as connection:
        connection.execute(text("SELECT 1"))
    for used in connections:
        used.close()
    engine.dispose()


def test_writers_of_one_process_follow_each_other(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'writers.db'}")
    order: list[str] = []
    first_writes, first_may_end = Event(), Event()

    def write_first() -> None:
        with write_transaction(engine):
            first_writes.set()
            assert first_may_end.wait(20)
            order.append("first")

    def write_second() -> None:
        with write_transaction(engine):
            order.append("second")

    first, second = Thread(target=write_first), Thread(target=write_second)
    first.start()
    assert first_writes.wait(20)
    second.start()
    with read_transaction(engine):  # readers wait for nobody
        assert order == []
    first_may_end.set()
    first.join(20)
    second.join(20)
    engine.dispose()
    assert order == ["first", "second"]


def test_a_writer_that_failed_lets_the_next_one_write(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'writers.db'}")
    with pytest.raises(ZeroDivisionError), write_transaction(engine):
        _ = 1 / 0
    with write_transaction(engine):
        pass
    engine.dispose()
