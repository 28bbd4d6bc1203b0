"""`selvedge predict ranking` and `selvedge evaluate ranking` as they are typed."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from errors import BadInput
from tests.algorithms.ranking.sample_interactions import make_interactions, write_files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_files(make_interactions(), tmp_path_factory.mktemp("shop"))


def run_command(*words: object) -> Result:
    return CliRunner().invoke(selvedge, [str(word) for word in words], catch_exceptions=False)


def run_predict(files: dict[str, Path], out: Path, *more: object) -> Result:
    return run_command("predict", "ranking", "--interactions", files["interactions"], "--out", out, *more)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def save_rows(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_every_client_seen_gets_a_list_without_what_they_took(files: dict[str, Path], tmp_path: Path) -> None:
    answer = run_predict(files, tmp_path / "out.csv", "--k", 5, "--json")
    rows, taken = rows_of(tmp_path / "out.csv"), rows_of(files["interactions"])
    assert list(rows[0]) == ["client_id", "rank", "item_id", "score"]
    assert {row["client_id"] for row in rows} == {row["client_id"] for row in taken}
    assert [row["rank"] for row in rows[:5]] == ["1", "2", "3", "4", "5"]
    assert not {(r["client_id"], r["item_id"]) for r in rows} & {(r["client_id"], r["item_id"]) for r in taken}
    assert json.loads(answer.stdout)["rows"] == len(rows)


def test_targets_in_context_come_in_their_order_and_new_clients_are_served(
    files: dict[str, Path], tmp_path: Path
) -> None:
    targets = save_rows(tmp_path / "targets.csv", "client_id,context\nnobody,night\nc007,day\nc007,night\nc001,\n")
    more = ("--items", files["items"], "--clients", files["clients"], "--targets", targets, "--k", 3)
    run_predict(files, tmp_path / "out.csv", *more)
    rows = rows_of(tmp_path / "out.csv")
    assert list(rows[0]) == ["client_id", "context", "rank", "item_id", "score"]
    asked = [(row["client_id"], row["context"]) for row in rows[::3]]
    assert asked == [("nobody", "night"), ("c007", "day"), ("c007", "night"), ("c001", "")]
    assert len(rows) == 12


def test_parquet_says_the_same_as_csv_and_the_seed_decides(files: dict[str, Path], tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(files["interactions"])
    pyarrow.parquet.write_table(table, tmp_path / "interactions.parquet")
    run_predict(files, tmp_path / "one.csv")
    run_predict({"interactions": tmp_path / "interactions.parquet"}, tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    run_predict(files, tmp_path / "three.parquet", "--algorithm", "recent")
    assert pyarrow.parquet.read_table(tmp_path / "three.parquet").column_names[-1] == "score"


@pytest.mark.parametrize("more", [(), ("--repeats",)])
def test_the_order_of_rows_never_matters(more: tuple[str, ...], files: dict[str, Path], tmp_path: Path) -> None:
    """Days instead of moments, so that much has the same one."""
    header, *lines = files["interactions"].read_text().splitlines()
    rows = [",".join([c, i, at[:10], *rest]) for c, i, at, *rest in csv.reader(lines)]
    random.Random(5).shuffle(rows)
    for name, order in (("one", sorted(rows)), ("two", rows)):
        text = "\n".join([header, *order])
        shuffled = {"interactions": save_rows(tmp_path / f"{name}-in.csv", text)}
        run_predict(shuffled, tmp_path / f"{name}.csv", "--k", 5, *more)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_target_listed_twice_gets_one_list_and_is_told(files: dict[str, Path], tmp_path: Path) -> None:
    targets = save_rows(tmp_path / "targets.csv", "client_id,context\nc001,day\nc002,day\nc001,day\nc001,night\n")
    more = ("--targets", targets, "--k", 2, "--algorithm", "recent")
    answer = json.loads(run_predict(files, tmp_path / "out.csv", *more, "--json").stdout)
    assert (answer["targets"], answer["repeated_targets"], answer["rows"]) == (3, 1, 6)
    assert "1 targets were in the file before" in run_predict(files, tmp_path / "out.csv", *more).stdout


def test_what_was_sent_back_is_not_listed_again(tmp_path: Path) -> None:
    rows = "client_id,item_id,occurred_at,value\nann,hat,2026-01-01,1\nann,hat,2026-01-05,-1\nbob,hat,2026-01-02,1\n"
    rows += "bob,scarf,2026-01-03,1\n"
    file = {"interactions": save_rows(tmp_path / "in.csv", rows)}
    answer = run_predict(file, tmp_path / "out.csv", "--repeats", "--algorithm", "popularity", "--json")
    assert [(row["client_id"], row["item_id"]) for row in rows_of(tmp_path / "out.csv")] == [
        ("ann", "scarf"),
        ("bob", "hat"),
        ("bob", "scarf"),
    ]
    assert json.loads(answer.stdout)["returns"] == 1


def test_repeats_list_what_was_taken(files: dict[str, Path], tmp_path: Path) -> None:
    run_predict(files, tmp_path / "out.csv", "--repeats", "--algorithm", "own", "--k", 1)
    taken = {(row["client_id"], row["item_id"]) for row in rows_of(files["interactions"])}
    assert all((row["client_id"], row["item_id"]) in taken for row in rows_of(tmp_path / "out.csv"))


def test_items_that_are_only_in_the_catalogue_may_be_listed(files: dict[str, Path], tmp_path: Path) -> None:
    items = save_rows(tmp_path / "items.csv", files["items"].read_text() + "brandnew,1\n")
    run_predict(files, tmp_path / "out.csv", "--items", items, "--algorithm", "words", "--k", 81)
    assert "brandnew" in {row["item_id"] for row in rows_of(tmp_path / "out.csv")}


def test_low_values_are_passed_over(tmp_path: Path) -> None:
    rows = "a,x,2026-01-01,5\nb,x,2026-01-02,1\nb,y,2026-01-03,4\n"
    rated = save_rows(tmp_path / "rated.csv", "client_id,item_id,occurred_at,value\n" + rows)
    answer = run_command(
        "predict", "ranking", "--interactions", rated, "--out", tmp_path / "o.csv", "--min-value", 4, "--json"
    )
    assert json.loads(answer.stdout)["interactions"] == 2


HEAD = "client_id,item_id,occurred_at\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "a,x,2026-01-01\na,y,yesterday\n", r"bad\.csv, line 3.*occurred_at must be a day"),
        (HEAD + "a,x,2026-01-01\na@b.example,y,2026-01-02\n", r"bad\.csv, line 3.*client_id must be"),
        (HEAD + "a,,2026-01-01\n", r"bad\.csv, line 2.*item_id must be"),
        (HEAD + "a,x,2026-13-01\n", r"line 2.*occurred_at"),
        (HEAD, "holds no interaction"),
        ("client_id,item,occurred_at\na,x,2026-01-01\n", "item_id"),
        ("client_id,item_id,occurred_at,value\na,x,2026-01-01,lots\n", r"line 2.*value must be a number"),
        (HEAD + "a,x\n", r"line 2.*2 cells where the header has 3"),
    ],
)
def test_a_bad_file_is_told_by_line_and_field(text: str, told: str, tmp_path: Path) -> None:
    bad = save_rows(tmp_path / "bad.csv", text)
    with pytest.raises(BadInput, match=told):
        run_command("predict", "ranking", "--interactions", bad, "--out", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_names_that_there_are_not_are_refused(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no ranker 'magic'"):
        run_predict(files, tmp_path / "out.csv", "--algorithm", "magic")
    twice = save_rows(tmp_path / "twice.csv", "item_id,colour\ni01,red\ni01,blue\n")
    with pytest.raises(BadInput, match="in the file already"):
        run_predict(files, tmp_path / "out.csv", "--items", twice)


def test_evaluation_tells_every_figure(files: dict[str, Path]) -> None:
    more = ("--items", files["items"], "--clients", files["clients"], "--algorithms", "recent,stacked", "--split")
    answer = run_command("evaluate", "ranking", "--interactions", files["interactions"], *more, "time:0.8", "--json")
    found = json.loads(answer.stdout)
    champion = found["algorithms"]["stacked"]
    assert found["learnt_from"] + 1 < found["interactions"]
    assert champion["ndcg_over_recent"][0] > 0
    assert {"recall", "ndcg", "map", "coverage", "novelty", "fit_seconds", "peak_memory_mb", "recommend_us"} <= set(
        champion
    )
    table = run_command("evaluate", "ranking", "--interactions", files["interactions"], *more, "leave-last-out").stdout
    assert table.splitlines()[2].startswith("stacked")
