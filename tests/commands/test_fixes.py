"""`selvedge fixes assemble` as it is typed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from errors import BadInput

FILES = {
    "requests": "client_id,slots,budget,item_cap,category_cap\nann,2,,,\nbob,2,100.00,,1\ncyd,1,,20,\n",
    "stock": "sku,on_hand\ns1,1\ns2,2\ns3,1\n",
    "scores": (
        "client_id,sku,category,price,score\n"
        "ann,s1,tops,60,0.9\nann,s2,tops,40.00,0.5\nbob,s1,tops,60.01,1.0\nbob,s2,shoes,39.99,0.2\ncyd,s3,tops,20.01,1\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def arguments(folder: Path, *more: str) -> list[str]:
    named = [part for name in FILES for part in (f"--{name}", str(folder / f"{name}.csv"))]
    return ["fixes", "assemble", *named, "--out", str(folder / "boxes.csv"), *more]


def run_command(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(selvedge, arguments(folder, *more))


def test_boxes_prices_and_the_summary(folder):
    done = run_command(folder, "--prices", str(folder / "prices.csv"), "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert list(summary) == ["objective", "bound", "gap", "seconds", "filled", "unfilled"]
    # The one s1 is worth most at bob's; ann and bob each take an s2; what cyd would like costs a cent too much.
    assert summary["objective"] == pytest.approx(1.7)
    assert summary["bound"] >= summary["objective"]
    assert (summary["filled"], summary["unfilled"]) == (3, 2)
    with (folder / "boxes.csv").open() as file:
        assert [tuple(row.values()) for row in csv.DictReader(file)] == [("ann", "s2"), ("bob", "s1"), ("bob", "s2")]
    with (folder / "prices.csv").open() as file:
        prices = {row["sku"]: float(row["shadow_price"]) for row in csv.DictReader(file)}
    assert prices["s1"] == pytest.approx(0.95, abs=0.1)
    assert prices["s3"] == 0


def test_without_json_one_sentence(folder):
    assert "below the best possible" in run_command(folder).stdout


def test_bad_input_is_refused_and_nothing_is_written(folder):
    (folder / "stock.csv").write_text("sku,on_hand\ns1,many\n")
    done = run_command(folder)
    assert isinstance(done.exception, BadInput)
    assert "stock.csv, line 2: on_hand must be a whole number" in str(done.exception)
    assert not (folder / "boxes.csv").exists()


def test_an_output_that_cannot_be_is_refused_first(folder):
    done = run_command(folder, "--prices", str(folder / "prices.txt"))
    assert "prices: prices.txt must end in .csv or .parquet" in str(done.exception)


def test_it_needs_no_store_and_no_server(folder):
    code = "import sys; from cli import main; main()"
    environment = {"PATH": "", "SELVEDGE_HOME": str(folder / "home"), "SELVEDGE_DATABASE": "sqlite:////nowhere/at/all"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments(folder, "--json")],
        capture_output=True, text=True, timeout=60, env=environment, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["filled"] == 3
    assert not (folder / "home").exists()
