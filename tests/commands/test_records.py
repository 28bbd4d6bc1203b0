"""`selvedge algorithms compare|purge` as typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from commands.algorithms.compare import _render_lifts
from errors import BadInput, NotFound
from settings import load
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from tests.store.learning.test_comparisons import record, shadow
from tests.support.tables import create_tables


def run_command(*words: str) -> Result:
    return CliRunner().invoke(selvedge, ["algorithms", *words])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    made = connect(load().database)
    create_tables(made)
    now = datetime.now(UTC)
    with write_transaction(made) as connection:
        for n, days in enumerate((1, 2, 60)):
            at = now - timedelta(days=days)
            decisions.save_decision(connection, record(f"c{n}", "i1", "i2", asked_at=at), at, body=b"{}")
            decisions.save_shadows(connection, [shadow(f"c{n}", "i2", "i1", asked_at=at)])
    yield made
    made.dispose()


def test_people_and_programs_are_told_the_same(engine) -> None:
    said, told = run_command("compare"), run_command("compare", "--json")
    assert said.exit_code == 0, said.output
    assert "2 answers of ranking" in said.output
    assert "shadow two: 2 answers, 100.0 ms" in said.output
    assert "i1 i2 -> i2 i1" in said.output
    assert "business time" in said.output.splitlines()[0]
    assert "nothing to judge yet: 2 left out, whose 7 days are not over" in said.output
    assert (
        "1 seen by 1 clients; 0.0% ordered within 1.5 days; 1 left out"
        in run_command("compare", "--within", "36h").output
    )
    found = json.loads(told.output)
    assert (found["answers"], found["shadows"]["two"]["agreement"]["overlap"]) == (2, 1.0)
    assert json.loads(run_command("compare", "--since", "12w", "--json").output)["answers"] == 3
    day = f"{datetime.now(UTC) - timedelta(days=80):%Y-%m-%d}"
    assert json.loads(run_command("compare", "--since", day, "--json").output)["since"] == f"{day}T00:00:00+00:00"
    assert "no shadow was asked" in run_command("compare", "--slot", "session").output


def test_mistakes_are_named(engine) -> None:
    assert isinstance(run_command("compare", "--since", "soon").exception, BadInput)
    assert isinstance(run_command("compare", "--slot", "rank").exception, NotFound)
    for words, wrong in (
        (("--until", "2999-01-01"), "until: lies ahead"),
        (("--until", "soon"), "until: 'soon' is neither"),
        (("--since", "2026-13-01"), "since: '2026-13-01' is neither"),
        (("--since", "2026-02-02", "--until", "2026-02-01"), "since: must lie before"),
    ):
        assert wrong in str(run_command("evaluate", *words).exception)
    refused = run_command("evaluate", "nobody", "--since", "2026-01-01")
    assert isinstance(refused.exception, NotFound)
    assert "reading the store" not in refused.output


def split_of(n: int, enough: bool) -> dict[str, object]:
    figure = {"treated": 0.5, "control": 0.4, "relative": [0.25, 0.1, 0.4], "p_value": 0.01, "n": n, "control_n": 24}
    figures = dict.fromkeys(("order_rate", "average_order_cents", "keep_rate"), figure | {"enough": enough})
    return {"champion": "one", "experiment": "one 0.5, two 0.5", **figures}


def test_few_pieces_get_their_number_and_no_figure() -> None:
    few, many = "\n".join(_render_lifts(split_of(11, False))), "\n".join(_render_lifts(split_of(400, True)))
    assert "keep_rate: too few to tell: 11 pieces against 24; 100 each, of 30 clients, would do" in few
    assert "%" not in few
    assert "order_rate: +25.0% [+10.0%, +40.0%], p 0.010; 400 clients against 24" in many


def test_what_is_past_its_time_is_dropped(engine) -> None:
    assert "2 dropped" in run_command("purge").output
    assert "0 dropped" in run_command("purge").output
    with read_transaction(engine) as connection:
        assert decisions.load_question(connection, "qc2") is None
        assert decisions.load_question(connection, "qc0") == b"{}"
        assert len(decisions.load_client_decisions(connection, "c2")) == 1
