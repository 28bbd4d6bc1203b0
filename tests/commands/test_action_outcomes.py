"""From a lot to a policy: what `explore` drew comes as a file, and the file teaches a policy who is moved."""

from __future__ import annotations

import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, insert, select

from algorithms.uplift.exploring import Explore
from algorithms.uplift.serving import UpliftModel, build_columns
from cli import selvedge
from domain.next_actions import build_question, derive_seed
from errors import BadInput
from models.answers import AnswerRecord
from models.slots import NextActionQuestion, Occurrence
from services.evaluation.action_outcomes import COLUMNS
from settings import load
from store.database import connect, read_transaction, write_transaction
from store.learning import decisions
from store.tables import assessments, events
from store.tables import decisions as decisions_table
from tests.support.tables import create_tables

NOW = datetime.now(UTC)
CLIENTS = 1_600


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    made = connect(load().database)
    create_tables(made)
    yield made
    made.dispose()


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, [*words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def assess_client(client_id: str, at: datetime, score: float, p_alive: float | None) -> dict[str, Any]:
    risk = None if p_alive is None else {"p_alive": p_alive, "why": ""}
    return {
        "id": f"{client_id}.{at.timestamp()}", "client_id": client_id, "at": at, "score": score, "band": "at_risk",
        "phase": "at_risk", "algorithm": "made-up", "risk": risk,
    }  # fmt: skip


def order(client_id: str, at: datetime, cents: int = 5_000) -> dict[str, Any]:
    event_id = f"{client_id}-{at.timestamp()}"
    return {
        "event_id": event_id,
        "client_id": client_id,
        "type": "order_placed",
        "occurred_at": at,
        "value_cents": cents,
    }


def save_answer(
    engine: Engine, client_id: str, at: datetime, action: str, propensity: float | None = 0.5, **more: Any
) -> None:
    record = AnswerRecord(
        slot="next_action", client_id=client_id, asked_at=at, question="", role="live",
        answer={"action": action, "uplift": 0.0}, propensity=propensity, seconds=0.01,
        **{"variant": "explore", "algorithm": "explore", "version": "1"} | more,
    )  # fmt: skip
    with write_transaction(engine) as connection:
        decisions.save_decision(connection, record, at, key=f"missed:{at.timestamp()}")


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open() as opened:
        return list(csv.DictReader(opened))


def test_what_was_known_is_what_was_asked_and_only_what_came_after_counts(engine: Engine, tmp_path: Path) -> None:
    at = NOW - timedelta(days=40)
    with write_transaction(engine) as connection:
        connection.execute(
            insert(assessments), [assess_client("c1", at, 33.5, 0.4), assess_client("c2", at, 20.0, None)]
        )
        spans = {"c1": (400, 100, 0, -3, -28, -29), "c2": (90, -30)}
        placed = [order(who, at - timedelta(days=days)) for who, all_days in spans.items() for days in all_days]
        connection.execute(insert(events), placed)
    save_answer(engine, "c1", at, "email")
    save_answer(engine, "c2", at, "nothing")
    told = json.loads(run_command("algorithms", "outcomes", "next_action", "--out", "trial.csv", "--json"))
    assert told["treated"] == {"email": 1, "nothing": 1}
    assert told["propensities"] == {"email": [0.5], "nothing": [0.5]}
    one, two = rows_of(tmp_path / "trial.csv")
    assert tuple(one) == COLUMNS
    assert (one["treatment"], one["conversion"], one["spend"]) == ("email", "1", "100")
    assert (two["treatment"], two["conversion"], two["spend"], two["p_alive"]) == ("nothing", "0", "0", "1")
    bought = [
        Occurrence(kind="order_placed", at=at - timedelta(days=days), value_cents=5_000) for days in (400, 100, 0)
    ]
    known = build_columns(build_question("c1", at, 33.5, 0.4, bought))
    assert {name: float(one[name]) for name in known} == pytest.approx(known, abs=1e-6)


def test_what_is_not_over_or_not_by_lot_is_left_out_and_a_client_counts_once(engine: Engine, tmp_path: Path) -> None:
    old, older, young = (NOW - timedelta(days=days) for days in (40, 47, 5))
    with write_transaction(engine) as connection:
        moments = [("c1", old), ("c1", older), ("c2", young), ("c3", old), ("c4", old)]
        connection.execute(insert(assessments), [assess_client(who, at, 30.0, None) for who, at in moments])
    save_answer(engine, "c1", old, "email")
    save_answer(engine, "c1", older, "nothing", 0.25)
    save_answer(engine, "c2", young, "email")
    save_answer(engine, "c3", old, "email", None, algorithm="house")
    save_answer(engine, "c4", old, "nothing")
    told = json.loads(run_command("algorithms", "outcomes", "next_action", "--out", "trial.parquet", "--json"))
    assert (told["clients"], told["open"], told["not_by_lot"]) == (2, 1, 1)
    assert "left out: 1 clients still within 28d, 1 answers not randomised" in run_command(
        "algorithms", "outcomes", "next_action", "--out", "trial.csv"
    )
    assert sorted(row["client_id"] for row in rows_of(tmp_path / "trial.csv")) == ["c1", "c4"]


def test_a_split_s_variants_are_treatments_too(engine: Engine, tmp_path: Path) -> None:
    at, split = NOW - timedelta(days=40), {"experiment": "house 0.5, never 0.5"}
    with write_transaction(engine) as connection:
        connection.execute(insert(assessments), [assess_client(f"c{k}", at, 30.0, None) for k in range(4)])
    for k in range(4):
        variant = "never" if k % 2 else "house"
        save_answer(
            engine, f"c{k}", at, "nothing" if k % 2 else "email", None, variant=variant, algorithm=variant, **split
        )
    with pytest.raises(BadInput, match="none of 4 answers was randomised"):
        run_command("algorithms", "outcomes", "next_action", "--out", "trial.csv")
    assert not (tmp_path / "trial.csv").exists()
    run_command("algorithms", "outcomes", "next_action", "--split", "--out", "trial.csv")
    assert [row["treatment"] for row in rows_of(tmp_path / "trial.csv")] == ["house", "never"] * 2


def test_nothing_on_record_and_nothing_over_are_told_apart(engine: Engine) -> None:
    out = ("algorithms", "outcomes", "next_action", "--out", "trial.csv")
    with pytest.raises(BadInput, match="no algorithm was asked"):
        run_command(*out)
    with write_transaction(engine) as connection:
        connection.execute(insert(assessments), [assess_client("c1", NOW - timedelta(days=2), 30.0, None)])
    save_answer(engine, "c1", NOW - timedelta(days=2), "email")
    with pytest.raises(BadInput, match="the 28 days after are over for none of 1 answers"):
        run_command(*out)
    with pytest.raises(BadInput, match=r"must end in \.csv or \.parquet"):
        run_command("algorithms", "outcomes", "next_action", "--out", "trial.txt")


def simulate_trial(engine: Engine) -> None:
    """A trial: a mail moves those with much engagement, and puts off those with little."""
    explore, rng = Explore(()), random.Random(7)
    at, records, looked, placed = NOW - timedelta(days=60), [], [], []
    for k in range(CLIENTS):
        client_id, score = f"c{k}", rng.uniform(0, 60)
        seed = derive_seed(client_id, "missed:1")
        answer = explore.answer({"client_id": client_id, "seed": seed, "allowed": ("email", "nothing")})
        mailed = answer["action"] == "email"
        chance = 0.3 + (0.4 if score > 30 else -0.25) * mailed
        if rng.random() < chance:
            placed.append(order(client_id, at + timedelta(days=3)))
        looked.append(assess_client(client_id, at, score, 0.5))
        placed.append(order(client_id, at - timedelta(days=rng.uniform(60, 300))))
        records.append({
            "id": f"{k:032x}", "slot": "next_action", "role": "live", "client_id": client_id, "at": at,
            "question": f"q{k}", "variant": "explore", "experiment": "", "algorithm": "explore", "version": "1",
            "seconds": 0.0, "propensity": answer["propensity"], "answer": {"action": answer["action"]}, "faults": [],
        })  # fmt: skip
    with write_transaction(engine) as connection:
        connection.execute(insert(assessments), looked)
        connection.execute(insert(events), placed)
        connection.execute(insert(decisions_table), records)


def test_a_lot_teaches_a_policy_whom_a_mail_moves(engine: Engine, tmp_path: Path) -> None:
    simulate_trial(engine)
    told = json.loads(run_command("algorithms", "outcomes", "next_action", "--out", "trial.csv", "--json"))
    assert told["clients"] == CLIENTS
    assert 0.4 < told["treated"]["email"] / CLIENTS < 0.6
    given = ("--treatment", "treatment", "--outcome", "conversion", "--treated", "email", "--slot")
    found = json.loads(
        run_command("evaluate", "uplift", "--file", "trial.csv", *given, "--out", "uplift.json", "--json")
    )
    assert found["control"] == "nothing"
    assert found["treatments"]["email"]["features"] < len(COLUMNS)
    learnt = UpliftModel.load(tmp_path / "uplift.json")
    moved, put_off = (learnt.answer(build_slot_question(score)).action for score in (55.0, 5.0))
    assert (moved, put_off) == ("email", "nothing")
    with read_transaction(engine) as connection:
        assert len(connection.execute(select(decisions_table.c.id)).all()) == CLIENTS


def test_a_shadow_is_told_what_it_would_have_earned_by_the_lot(engine: Engine) -> None:
    simulate_trial(engine)
    with read_transaction(engine) as connection:
        lives = connection.execute(select(decisions_table)).all()
        score = {row.client_id: row.score for row in connection.execute(select(assessments))}
    with write_transaction(engine) as connection:  # knows what is so: a mail for those whom it moves
        decisions.save_shadows(connection, [
            AnswerRecord(
                slot="next_action", client_id=live.client_id, asked_at=live.at, question=live.question, role="shadow",
                variant="knows", algorithm="knows", version="1", seconds=0.0,
                answer={"action": "email" if score[live.client_id] > 30 else "nothing", "uplift": 0.3},
            )
            for live in lives
        ])  # fmt: skip
    compared = run_command(
        "algorithms", "compare", "--slot", "next_action", "--since", "90d", "--within", "28d", "--json"
    )
    found = json.loads(compared)
    estimates = found["shadows"]["knows"]["foretold"]
    truth = (0.7 + 0.3) / 2
    assert estimates["logged"] < estimates["ips"]["low"]
    for name in ("ips", "snips", "doubly_robust"):
        assert estimates[name]["low"] < truth < estimates[name]["high"]
    assert 0.4 < found["shadows"]["knows"]["agreement"]["same"] < 0.6
    assert found["variants"]["explore"]["earned"]["seen"] == CLIENTS


def build_slot_question(score: float) -> NextActionQuestion:
    return build_question("c", NOW, score, 0.5, [])
