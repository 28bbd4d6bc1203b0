"""The verbs assess, train and recommend as they are typed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from commands.shared.parsing import parse_moment
from errors import BadInput, NotFound
from models.base import utc
from settings import load
from store.database import connect
from tests.support.algorithms import install_algorithm, write_policy_file
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables


@pytest.fixture
def shop(tmp_path: Path, monkeypatch):
    """A shop whose latest event lies a day back, in the database that the commands find."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    engine = connect(load().database)
    create_tables(engine)
    shop = StockedShop(engine)
    for n in range(6):
        shop.item(f"i{n}", f"category{n}")
    for n in range(8):
        shop.client(f"c{n}", signed_up_at=NOW - timedelta(days=300))
    for n in range(7):
        for k in range(n % 4 + 1):
            shop.event(f"c{n}", "order_placed", 1 + 30 * n + 9 * k, item_id=f"i{(n + k) % 6}", value=60)
    yield shop
    engine.dispose()


def run_command(*arguments: str) -> Result:
    return CliRunner().invoke(selvedge, arguments, catch_exceptions=True)


def run_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *arguments]
    root = Path(__file__).parents[2]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=root)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_assess_writes_everybody_and_a_summary(shop, tmp_path):
    out = tmp_path / "scores.csv"
    done = run_command("assess", "--as-of", "2026-06-01", "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    found = rows(out)
    assert list(found[0]) == ["client_id", "engagement", "band", "p_alive", "expected_orders", "next_crossing_at"]
    assert {row["client_id"] for row in found} == {f"c{n}" for n in range(8)}
    assert summary["clients"] == 8
    assert sum(summary["bands"].values()) == 8
    assert summary["source"] == "statistics"
    assert "reading statistics" in done.stderr
    best, never = found[0], next(row for row in found if row["client_id"] == "c7")
    assert float(best["engagement"]) > 40
    assert best["band"] == "active"
    assert datetime.fromisoformat(best["next_crossing_at"]) > utc(2026, 6, 2)
    assert (never["engagement"], never["band"], never["next_crossing_at"]) == ("0", "lapsed", "")
    assert all(0 <= float(row["p_alive"]) <= 1 and float(row["expected_orders"]) >= 0 for row in found)


def test_the_three_kinds_of_file_say_the_same(shop, tmp_path):
    for ending in ("csv", "jsonl"):
        assert run_command("assess", "--as-of", "2026-06-01", "--out", str(tmp_path / f"o.{ending}")).exit_code == 0
    # In a process of its own: what this test imports hides what the command forgot to.
    done = run_process("assess", "--as-of", "2026-06-01", "--out", str(tmp_path / "o.parquet"))
    assert done.returncode == 0, done.stderr
    comma = rows(tmp_path / "o.csv")
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    table = pyarrow.parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert [row["client_id"] for row in comma] == [row["client_id"] for row in lines]
    for text, line, cell in zip(comma, lines, table, strict=True):
        assert float(text["engagement"]) == line["engagement"] == cell["engagement"]
        assert float(text["expected_orders"]) == line["expected_orders"] == cell["expected_orders"]
        crossing = cell["next_crossing_at"]
        assert line["next_crossing_at"] == (crossing.strftime("%Y-%m-%dT%H:%M:%SZ") if crossing else None)
        assert text["next_crossing_at"] == (line["next_crossing_at"] or "")


def test_an_earlier_day_is_told_as_it_was(shop, tmp_path):
    out = tmp_path / "then.csv"
    done = run_command("assess", "--as-of", "2026-03-01", "--out", str(out), "--json")
    assert json.loads(done.stdout)["source"] == "events"
    before = rows(out)
    shop.event("c6", "order_placed", 0.5, item_id="i0", value=500)
    shop.client("newcomer", signed_up_at=NOW - timedelta(days=2))
    run_command("assess", "--as-of", "2026-03-01", "--out", str(out))
    assert rows(out) == before
    assert {row["client_id"]: float(row["engagement"]) for row in before}["c0"] == 0.0  # its orders came later


def test_a_longer_horizon_expects_more(shop, tmp_path):
    totals = [
        json.loads(
            run_command(
                "assess", "--as-of", "2026-06-01", "--horizon", days, "--out", str(tmp_path / "o.csv"), "--json"
            ).stdout
        )["expected_orders"]
        for days in ("30", "365")
    ]
    assert totals[0] < totals[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as-of", "yesterday", "--out", "o.csv"], "as_of: 'yesterday' is neither a day"),
        (["--as-of", "2026-13-01", "--out", "o.csv"], "as_of: '2026-13-01' is neither a day"),
        (["--as-of", "2026-06-01T10:00:00", "--out", "o.csv"], "as_of: a moment needs an offset"),
        (["--as-of", "2026-06-01", "--out", "o.xlsx"], "out: o.xlsx must end in .csv, .jsonl, .ndjson or .parquet"),
        (["--as-of", "2026-06-01", "--out", "nowhere/o.csv"], "out: there is no folder nowhere"),
        (["--as-of", "2026-06-01", "--out", "o.csv", "--horizon", "0"], "horizon: must be over 0"),
        (["--as-of", "1999-06-01", "--out", "o.csv"], "as_of: nobody was a client by 1999-06-01"),
    ],
)
def test_bad_orders_are_refused_in_one_line_and_write_nothing(shop, tmp_path, arguments, words):
    done = run_command("assess", *arguments)
    assert isinstance(done.exception, BadInput)
    assert words in str(done.exception)
    assert "\n" not in str(done.exception)
    assert not list(tmp_path.glob("**/o.*"))


def test_a_day_counts_to_its_end_and_a_moment_as_it_is():
    assert parse_moment("2026-06-01") == utc(2026, 6, 2) - timedelta(microseconds=1)
    assert parse_moment("2026-06-01T10:00:00+02:00") == utc(2026, 6, 1, 8)


def test_recommend_tells_scores_and_parts(shop):
    done = run_command("recommend", "--client", "c0", "--n", "3", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["client_id"], told["algorithm"]) == ("c0", "blend+content")
    assert len(told["items"]) == 3
    for item in told["items"]:
        assert item["score"] == pytest.approx(sum(item["parts"].values()))
        assert item["title"] == f"Piece {item['item_id']}"
        assert item["item_id"] != "i0"  # bought
    assert "blend+content" in run_command("recommend", "--client", "c0").stdout


COLOURS = """
slot, version = "ranking", "1"

def answer(question):
    return {"items": [{"item_id": each["item_id"], "score": 100 - n}
                      for n, each in enumerate(question["candidates"][: question["n"]])]}
"""


def test_recommend_keeps_an_algorithm_s_score_apart_from_the_house_s_parts(shop, tmp_path):
    install_algorithm(tmp_path / "home" / "algorithms", "colours", source=COLOURS)
    write_policy_file(tmp_path / "home", '[slots.ranking]\nchampion = "colours"\ndeadline_ms = 5000\n')
    spoken = run_command("recommend", "--client", "c0", "--n", "2").stdout
    (first, second) = json.loads(run_command("recommend", "--client", "c0", "--n", "2", "--json").stdout)["items"]
    assert (first["score"], first["by"], second["score"]) == (100, "colours", 99)
    house = sum(first["parts"].values())
    assert f"scored by colours; the built-in score {house:.3f} = match" in spoken
    assert "answered" not in spoken


def test_recommend_says_that_the_champion_failed_and_who_answered(shop, tmp_path):
    install_algorithm(
        tmp_path / "home" / "algorithms", "colours", source=COLOURS.replace("(question):", "(question):\n    1 / 0", 1)
    )
    install_algorithm(tmp_path / "home" / "algorithms", "other", source=COLOURS)
    write_policy_file(tmp_path / "home", '[slots.ranking]\nchampion = "colours"\ndeadline_ms = 5000\n')
    spoken = run_command("recommend", "--client", "c0").stdout
    assert spoken.startswith("colours: raised; the built-in answered\nblend+content")
    assert "scored by" not in spoken
    assert json.loads(run_command("recommend", "--client", "c0", "--json").stdout)["faults"] == ["colours:raised"]
    write_policy_file(
        tmp_path / "home", '[slots.ranking]\nchampion = "colours"\nfallbacks = ["other"]\ndeadline_ms = 5000\n'
    )
    assert run_command("recommend", "--client", "c0").stdout.startswith("colours: raised; other answered\nother (1)")


def test_recommend_as_of_an_earlier_day_knows_no_later_one(shop):
    before = json.loads(run_command("recommend", "--client", "c0", "--as-of", "2026-03-01", "--json").stdout)
    assert "i0" in [item["item_id"] for item in before["items"]]  # bought in May
    assert "i0" not in run_command("recommend", "--client", "c0", "--as-of", "2026-06-01", "--json").stdout


def test_recommend_refuses_what_it_cannot_know(shop):
    assert isinstance(run_command("recommend", "--client", "stranger").exception, NotFound)
    assert "n: must be from 1 to 1000" in str(run_command("recommend", "--client", "c0", "--n", "0").exception)


def test_train_reports_and_serves(shop, monkeypatch):
    done = run_command("train", "--json")
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)
    assert made["algorithm"] == "stacked"
    assert "learning stacked from everything" in done.stderr
    told = json.loads(run_command("recommend", "--client", "c3", "--json").stdout)
    assert (told["algorithm"], told["version"]) == ("blend+stacked", made["id"])
    spoken = run_command("train", "--algorithm", "popularity")
    assert "too few clients" in spoken.stdout
    assert "now serves" in spoken.stdout
    monkeypatch.setattr("services.training.ranking.ENOUGH", 1)
    measured = run_command("train", "--algorithm", "popularity")
    assert "new clients after 2026-" in measured.stdout
    assert measured.stdout.count("blend, model") == 5


def test_the_champion_is_trained_and_serves(shop):
    made = json.loads(run_command("train", "--algorithm", "champion", "--json").stdout)
    assert made["algorithm"] == "stacked"
    client = json.loads(run_command("recommend", "--client", "c1", "--n", "2", "--json").stdout)
    assert client["version"] == made["id"]


def test_train_risk_reports_and_serves_the_batch(shop, tmp_path):
    out = ("assess", "--as-of", "2026-06-01", "--out", str(tmp_path / "o.csv"), "--json")
    assert json.loads(run_command(*out).stdout)["algorithm"] == "decay+recency_rate"
    spoken = run_command("train", "risk", "--horizon", "30")
    assert spoken.exit_code == 0, spoken.output
    assert "too few ordered" in spoken.stdout
    made = json.loads(run_command("train", "risk", "--json").stdout)
    assert (made["slot"], made["algorithm"], made["metrics"]["horizon_days"]) == ("risk", "cadence", 90)
    assert json.loads(run_command(*out).stdout)["algorithm"] == f"decay+recency_rate+{made['id']}"
    earlier = ("assess", "--as-of", "2026-05-01", *out[3:])  # the model knows orders after that day
    assert json.loads(run_command(*earlier).stdout)["algorithm"] == "decay+recency_rate"


def test_why_not_says_nothing_of_a_rhythm_before_there_is_one(shop):
    said = json.loads(run_command("why-not", "c1", "--json").stdout)
    assert said["risk"] is None
    assert len(run_command("why-not", "c1").stdout.splitlines()) == 1


def test_profiles_are_folded_and_read_as_typed(shop):
    before = json.loads(run_command("client", "profile", "c3").stdout)
    folded = run_command("train", "profiles")
    assert folded.exit_code == 0, folded.output
    assert "8 clients are up to date" in folded.stdout
    assert json.loads(run_command("train", "profiles", "--anew", "--json").stdout)["clients"] == 8
    after = json.loads(run_command("client", "profile", "c3").stdout)
    assert before["counts"] == after["counts"] == {"order_placed": 4}
    assert [category["name"] for category in before["categories"]] == [
        category["name"] for category in after["categories"]
    ]
    assert {category["name"] for category in after["categories"]} == {f"category{n}" for n in (3, 4, 5, 0)}
    assert isinstance(run_command("client", "profile", "stranger").exception, NotFound)


def test_a_wrong_order_is_one_line_and_status_one(shop, tmp_path):
    """Through the real entrance, as a shell sees it."""
    done = run_process("recommend", "--client", "stranger")
    assert done.returncode == 1
    assert done.stderr.strip() == "selvedge: client_id: no client has this id"
    assert done.stdout == ""
