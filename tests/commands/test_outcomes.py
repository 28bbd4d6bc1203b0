"""`selvedge evaluate bundles|uplift|off-policy` and `predict bundles` as they are typed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from algorithms.uplift.serving import UpliftModel
from cli import selvedge
from errors import BadInput
from tests.algorithms.evaluation.bundles.outfits import bundles, goods


def run_command(*words: object) -> Result:
    return CliRunner().invoke(selvedge, [str(word) for word in words], catch_exceptions=False)


def write_file(path: Path, header: list[str], rows: Iterable[Iterable[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    folder, of = tmp_path_factory.mktemp("bundles"), goods()
    made = bundles(of)
    pairs = [[f"b{index}", of.ids[item]] for index, members in enumerate(made.members) for item in members]
    write_file(folder / "bundles.csv", ["bundle ID", "item ID"], pairs)
    write_file(folder / "items.csv", ["item_id", "titles"], zip(of.ids, of.titles, strict=True))
    write_file(folder / "steps.csv", ["item_id", "categories"], zip(of.ids, of.categories, strict=True))
    pq.write_table(
        pa.table({"bundle_id": [f"b{index}" for index in range(len(made.intents))], "intent": list(made.intents)}),
        folder / "intents.parquet",
    )
    names = {"bundles": "bundles.csv", "items": "items.csv", "categories": "steps.csv", "intents": "intents.parquet"}
    return [word for option, name in names.items() for word in (f"--{option}", folder / name)]


def test_the_hidden_item_is_looked_for(files: list[object]) -> None:
    found = json.loads(run_command("evaluate", "bundles", *files, "--k", 5, "--folds", 2, "--json").stdout)
    assert (found["bundles"], found["items"], found["folds"]) == (100, 240, 2)
    assert found["algorithms"]["affinity"]["over_titles"] > 0


def test_boxes_are_completed_with_what_is_not_in_them(files: list[object], tmp_path: Path) -> None:
    boxes = write_file(
        tmp_path / "boxes.csv", ["bundle_id", "item_id"], [["x", "boot00"], ["y", "dress03"], ["y", "boot16"]]
    )
    run_command("predict", "bundles", *files, "--targets", boxes, "--k", 4, "--out", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["bundle_id"], row["rank"]) for row in rows] == [(b, str(r)) for b in "xy" for r in (1, 2, 3, 4)]
    assert rows[0]["item_id"] == "scarf77"
    assert not {"dress03", "boot16"} & {row["item_id"] for row in rows if row["bundle_id"] == "y"}


@pytest.mark.parametrize(
    ("name", "header", "rows", "told"),
    [
        ("bundles", ["bundle_id"], [["b1"]], "missing in the header: 'item_id'"),
        ("bundles", ["bundle_id", "item_id"], [["b1", "boot00"], ["b1", "nowhere"]], "line 3: item_id nowhere"),
        ("bundles", ["bundle_id", "item_id"], [["b1", "boot00"]], "no bundle of two"),
        ("bundles", ["bundle_id", "item_id"], [["b1", ""]], "line 2: item_id is missing"),
        ("items", ["item_id", "title"], [["a", "x"], ["b", "y"], ["a", "z"]], "line 4: item_id a is in the file"),
        ("items", ["item_id", "title"], [["a", "x"], ["b", "y"]], "fewer than three"),
    ],
)
def test_a_bad_bundle_file_is_named_with_its_line(
    files: list[object], tmp_path: Path, name: str, header: list[str], rows: list[list[object]], told: str
) -> None:
    bad = write_file(tmp_path / f"{name}.csv", header, rows)
    options = list(files)
    options[options.index(f"--{name}") + 1] = bad
    with pytest.raises(BadInput) as caught:
        run_command("evaluate", "bundles", *options)
    assert told in str(caught.value)
    assert bad.name in str(caught.value)


HEADER = ["", "item_id", "position", "click", "propensity_score", "user_feature_0"]


def logs(folder: Path) -> list[object]:
    for name, chance in (("random", 0.5), ("bts", 0.25)):
        (folder / name).mkdir()
        rows = [[n, n % 2, 1 + n % 3, int(n % 10 == 0), chance, "x"] for n in range(600)]
        write_file(folder / name / "men.csv", HEADER, rows)
        (folder / name / "item_context.csv").write_text("item_id\n1\n")
    return ["--random", folder / "random", "--bts", folder / "bts"]


def test_values_are_estimated_from_the_other_log(tmp_path: Path) -> None:
    options = logs(tmp_path)
    found = json.loads(run_command("evaluate", "off-policy", *options, "--json").stdout)
    assert found["random"]["shown"]["value"] == 0.1
    assert set(found["bts"]["estimates"]) == {"ips", "snips", "doubly_robust"}
    assert "random shows 0.10000" in run_command("evaluate", "off-policy", *options).stdout


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ([0, 1, 1, 2, 0.5, "x"], "line 602: click must be 0 or 1"),
        ([0, 1, 1, 0, 0, "x"], "line 602: propensity_score must be more than 0"),
        ([0, "a", 1, 0, 0.5, "x"], "line 602: item_id must be a whole number"),
    ],
)
def test_a_bad_log_is_named_with_its_line(tmp_path: Path, row: list[object], told: str) -> None:
    options = logs(tmp_path)
    with (tmp_path / "bts" / "men.csv").open("a", newline="") as file:
        csv.writer(file).writerow(row)
    with pytest.raises(BadInput, match=r"men\.csv") as caught:
        run_command("evaluate", "off-policy", *options)
    assert told in str(caught.value)


def test_a_folder_of_two_logs_is_not_guessed_at(tmp_path: Path) -> None:
    options = logs(tmp_path)
    (tmp_path / "bts" / "women.csv").write_text("item_id\n")
    with pytest.raises(BadInput, match="it holds 2"):
        run_command("evaluate", "off-policy", *options)


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The columns of the published e-mail experiment: those with a history of women's wear are moved by that mail."""
    rng = np.random.default_rng(1)
    path, rows = tmp_path_factory.mktemp("mails") / "mails.csv", []
    for _ in range(3_000):
        segment = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")[int(rng.integers(3))]
        womens, recency = int(rng.integers(2)), int(rng.integers(1, 13))
        visit = int(rng.random() < 0.1 + 0.15 * womens * (segment == "Womens E-Mail"))
        rows.append([recency, round(float(rng.lognormal(5, 1)), 2), womens, "Urban", segment, visit, 0, 0.0])
    return write_file(
        path, ["recency", "history", "womens", "zip_code", "segment", "visit", "conversion", "spend"], rows
    )


def test_whom_a_mail_moves_is_learnt_and_judged(mails: Path) -> None:
    found = json.loads(run_command("evaluate", "uplift", "--file", mails, "--json").stdout)
    assert found["control"] == "No E-Mail"
    womens = found["treatments"]["Womens E-Mail"]
    assert womens["rule"] == "more womens first"
    assert womens["policies"]["rule"]["qini_interval"][0] > 0
    assert womens["policies"][womens["chosen"]]["qini_over_rule"] >= 0
    assert womens["features"] == 3  # neither an outcome nor a column that says nothing
    assert (
        "unseen"
        in run_command("evaluate", "uplift", "--file", mails, "--treated", "Mens E-Mail", "--rule", "womens").stdout
    )


def test_a_policy_for_the_slot_is_kept(mails: Path, tmp_path: Path) -> None:
    options = ("--file", mails, "--treated", "Womens E-Mail", "--slot", "--out", tmp_path / "uplift.json")
    assert json.loads(run_command("evaluate", "uplift", *options, "--json").stdout)
    kept = UpliftModel.load(tmp_path / "uplift.json")
    assert {feature.column for feature in kept.features} == {"recency", "history"}
    assert kept.made_from["treatment"] == "Womens E-Mail"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--treatment", "nowhere"], "missing in the header: 'nowhere'"),
        (["--control", "Nobody"], "name the one that was left alone by --control"),
        (["--treated", "Kids E-Mail"], "there is no 'Kids E-Mail'"),
        (["--rule", "mens"], "there is no 'mens'"),
        (["--leave-out", "mens"], "no column 'mens' to leave out"),
        (["--outcome", "zip_code"], "line 2: zip_code must be a number"),
        (["--out", "x.json"], "say which policy to keep"),
        (["--treated", "Mens E-Mail", "--out", "nowhere/x.json"], "no folder nowhere"),
    ],
)
def test_a_bad_experiment_is_named(mails: Path, options: list[str], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        run_command("evaluate", "uplift", "--file", mails, *options)
    assert told in str(caught.value)
