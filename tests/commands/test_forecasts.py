"""`selvedge predict risk` and `selvedge evaluate risk` as they are typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from errors import BadInput
from tests.algorithms.risk.histories import make_orders

COLUMNS = ["client_id", "p_alive", "expected_orders", "p_order", "expected_value"]
UNTIL = "1998-05-01"  # day 10,347


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = make_orders()
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    assert found.value is not None
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["client_id", "occurred_at", "value"])
        for client, day, value in zip(found.client, found.day.astype("datetime64[D]"), found.value, strict=True):
            rows.writerow([found.ids[client], day, round(float(value), 2)])
    return path


def run_command(*words: object) -> Result:
    return CliRunner().invoke(selvedge, [str(word) for word in words], catch_exceptions=False)


def run_predict(orders: Path, out: Path, *more: object) -> Result:
    return run_command("predict", "risk", "--orders", orders, "--until", UNTIL, "--horizon", 60, "--out", out, *more)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_one_row_for_each_client_by_then(orders: Path, tmp_path: Path) -> None:
    answer = run_predict(orders, tmp_path / "out.csv", "--json")
    rows = rows_of(tmp_path / "out.csv")
    by_then = {row["client_id"] for row in rows_of(orders) if row["occurred_at"] <= UNTIL}
    assert list(rows[0]) == COLUMNS
    assert [row["client_id"] for row in rows] == sorted(by_then)
    assert json.loads(answer.stdout)["clients"] == len(by_then)
    assert all(0 <= float(row["p_order"]) <= float(row["p_alive"]) <= 1 for row in rows)


def test_later_rows_change_nothing_and_without_values_there_is_no_money(orders: Path, tmp_path: Path) -> None:
    run_predict(orders, tmp_path / "whole.csv")
    kept = [row for row in rows_of(orders) if row["occurred_at"] <= UNTIL]
    past = tmp_path / "past.csv"
    past.write_text("\n".join(["client_id,occurred_at", *(f"{r['client_id']},{r['occurred_at']}" for r in kept)]))
    run_predict(past, tmp_path / "past_out.csv")
    assert list(rows_of(tmp_path / "past_out.csv")[0]) == COLUMNS[:-1]
    past.write_text("\n".join(["client_id,occurred_at,value", *(",".join(r.values()) for r in kept)]))
    run_predict(past, tmp_path / "past_out.csv")
    assert (tmp_path / "past_out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_parquet_holds_the_same(orders: Path, tmp_path: Path) -> None:
    run_predict(orders, tmp_path / "out.csv")
    run_predict(orders, tmp_path / "out.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert (table[0]["client_id"], list(table[0])) == ("c0000", COLUMNS)
    assert [round(row["p_order"], 6) for row in table] == [float(r["p_order"]) for r in rows_of(tmp_path / "out.csv")]


@pytest.mark.parametrize(
    ("until", "horizon", "out", "field"),
    [
        ("1998-5-1", "60", "out.csv", "until"),
        ("1990-01-01", "60", "out.csv", "until"),
        (UNTIL, "0", "out.csv", "horizon"),
        (UNTIL, "60", "out.xlsx", "out"),
        (UNTIL, "60", "nowhere/out.csv", "out"),
    ],
)
def test_bad_options_are_named_and_nothing_is_written(
    orders: Path, tmp_path: Path, until: str, horizon: str, out: str, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        run_command(
            "predict", "risk", "--orders", orders, "--until", until, "--horizon", horizon, "--out", tmp_path / out
        )
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_evaluate_tells_every_figure(orders: Path) -> None:
    options = ("--events", orders, "--calibrate-until", UNTIL, "--horizon", 50)
    found = json.loads(run_command("evaluate", "risk", *options, "--json").stdout)
    cadence = found["algorithms"]["cadence"]
    assert set(found["algorithms"]) == {"cadence", "bgnbd", "recency", "frequency", "zero"}
    assert {"predicted_over_actual", "mean_absolute_error", "auc", "calibration_error"} <= set(cadence)
    assert sum(bin_[0] for bin_ in cadence["reliability"]) == found["clients"]
    assert "cadence" in run_command("evaluate", "risk", *options).stdout
