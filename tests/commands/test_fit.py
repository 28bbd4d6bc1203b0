"""`selvedge predict fit`, `evaluate fit` and `train fit` as they are typed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from algorithms.fit.rows import FITS, Column, Feedback
from bench.fit import simulate_feedback
from cli import selvedge
from errors import BadInput

COLUMNS = ["client_id", "item_id", "size", "p_small", "p_fit", "p_large"]


def cells(column: Column) -> list[object]:
    return ["" if code < 0 else column.values[code] for code in column.code.tolist()]


def write(path: Path, said: Feedback) -> Path:
    assert said.day is not None
    named = {"client_id": said.rows.client, "item_id": said.rows.item, "size": said.rows.size, **said.rows.further}
    columns = {name: cells(column) for name, column in named.items()}
    columns |= {"fit": [FITS[index] for index in said.fit], "occurred_at": said.day.astype("datetime64[D]").tolist()}
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, (said, _) = tmp_path_factory.mktemp("fit"), simulate_feedback(2_000, seed=9)
    return write(folder / "feedback.csv", said.select(np.arange(1_500))), write(folder / "targets.csv", said)


def run_command(*words: object) -> Result:
    return CliRunner().invoke(selvedge, [str(word) for word in words], catch_exceptions=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_target_is_answered_in_its_order(files: tuple[Path, Path], tmp_path: Path) -> None:
    feedback, targets = files
    out = tmp_path / "out.csv"
    said = run_command("predict", "fit", "--feedback", feedback, "--targets", targets, "--out", out, "--json")
    summary, found, asked = json.loads(said.stdout), rows_of(out), rows_of(targets)
    assert list(found[0]) == COLUMNS
    assert [tuple(row[name] for name in COLUMNS[:3]) for row in found] == [
        tuple(row[name] for name in COLUMNS[:3]) for row in asked
    ]
    for row in found:
        assert sum(float(row[f"p_{fit}"]) for fit in FITS) == pytest.approx(1, abs=1e-9)
    assert summary["targets"] == len(asked)
    assert summary["learnt_columns"] == ["category", "height"]


def test_a_column_that_targets_lack_is_not_learnt_from(files: tuple[Path, Path], tmp_path: Path) -> None:
    feedback, _ = files
    (tmp_path / "t.csv").write_text("client_id,item_id,size,category,colour\nnobody,nothing,M,hats,red\nc1,i1,S,,\n")
    said = run_command("predict", "fit", "--feedback", feedback, "--targets", tmp_path / "t.csv",
                 "--out", tmp_path / "out.parquet", "--json")  # fmt: skip
    assert json.loads(said.stdout)["learnt_columns"] == ["category"]


def test_nothing_is_written_when_something_is_wrong(files: tuple[Path, Path], tmp_path: Path) -> None:
    feedback, targets = files
    out = tmp_path / "out.csv"
    (tmp_path / "t.csv").write_text("client_id,item_id\nc,i\n")
    for wrong in (
        ("--targets", tmp_path / "t.csv", "--out", out),
        ("--targets", targets, "--out", tmp_path / "out.txt"),
    ):
        with pytest.raises(BadInput, match=r"t\.csv: missing in the header: 'size'|out\.txt must end in"):
            run_command("predict", "fit", "--feedback", feedback, *wrong)
    assert not out.exists()


def test_it_is_measured_on_later_rows(files: tuple[Path, Path]) -> None:
    _, whole = files
    asked = ("evaluate", "fit", "--feedback", whole, "--until", "2017-05-04")
    found = json.loads(run_command(*asked, "--json").stdout)
    assert found["held_out"] + found["learnt_from"] == 2_000
    assert {"auc", "auc_interval", "log_loss", "calibration_error", "reliability"} <= set(found["algorithms"]["fit"])
    assert (found["until"], found["seed"]) == ("2017-05-04", 42)


def test_for_people_it_is_a_table(files: tuple[Path, Path]) -> None:
    told = run_command("evaluate", "fit", "--feedback", files[0], "--until", "2017-02-01").stdout
    assert "gain in AUC over gradient boosting" in told
    assert [line.split()[0] for line in told.splitlines()[2:5]] == ["fit", "item_rate", "gradient_boosting"]
