"""A database that is none, or that does not answer: one line that names what to mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from errors import ConfigError, Unavailable
from store.database import connect, ping, read_transaction


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
