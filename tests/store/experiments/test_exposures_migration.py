"""The migration to one table of exposures moves what is there, and nobody to another arm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, String, column, insert, inspect, select, table

from domain.journeys.contents import choose_variant
from models.campaign_definition import CampaignDefinition
from store import migrate
from store.database import read_transaction, write_transaction
from store.experiments.assignments import list_assignments
from store.sql.types import UtcTime
from store.tables import assignments, campaign_versions, decisions, exposures, outreaches
from tests.store.conftest import NOW

HOUR = timedelta(hours=1)
STEPS = [
    {"id": "hello", "mail": {"message": "Hello.", "variants": [{"name": "b", "share": 0.5, "message": "Hi."}]}},
    {"id": "bye", "mail": {"message": "Bye."}},
]
DEFINITION = {"slug": "spring", "name": "Spring", "steps": STEPS, "audience": {}, "entry": {"on": "now"}}
SPLIT = '{"champion":"house","shares":{"house":0.5,"two":0.5}}'
CLIENTS = [f"c{number:02}" for number in range(30)]
OLD = table(
    "assignments",
    *(column(name, String) for name in ("subject", "kind", "experiment", "arm")),
    *(column(name, UtcTime()) for name in ("assigned_at", "exposed_at")),
    column("kept"),
)


def build_assignment(subject: str, kind: str, experiment: str, arm: str, **more: Any) -> dict[str, Any]:
    row = {"subject": subject, "kind": kind, "experiment": experiment, "arm": arm, "assigned_at": NOW}
    return row | {"exposed_at": NOW + HOUR, "kept": False} | more


def build_mail(client_id: str, n: int, step: str, arm: str, *, sent: bool) -> dict[str, Any]:
    key = {"client_id": client_id, "n": n, "reason_key": f"campaign:spring:{n}:{step}", "kind": "campaign"}
    about = {"campaign": "spring", "assessment_id": "a", "score": 1.0, "phase": "active", "priority": 1}
    state = {"state": "sent" if sent else "scheduled", "code": "", "epoch": 0, "refusals": 0, "attempt": 0}
    at = {"created_at": NOW, "updated_at": NOW, "sent_at": NOW + n * HOUR if sent else None}
    return key | about | state | at | {"content": {"variant": arm} if arm else {"message": "Hello."}}


def build_decision(id_: str, client_id: str, variant: str, **more: Any) -> dict[str, Any]:
    told = {"variant": variant, "algorithm": variant, "version": "1", "seconds": 0.1, "answer": {}, "faults": []}
    row = {"id": id_, "slot": "ranking", "role": "live", "client_id": client_id, "at": NOW, "question": ""}
    return row | told | {"experiment": SPLIT, "n": None, "fix_id": None} | more


def fill(engine: Engine, arms: dict[str, str]) -> None:
    version = {"slug": "spring", "version": 1, "definition": DEFINITION, "digest": "d", "state": "live", "moves": {}}
    by = {"takeover": "stay", "created_at": NOW, "created_by": "a", "submitted_by": "", "decided_by": ""}
    mails = [build_mail(who, 1, "hello", arm, sent=who != "c00") for who, arm in arms.items()]
    mails += [build_mail("c01", 2, "bye", "", sent=True), build_mail("c01", 3, "hello", arms["c01"], sent=True)]
    answers = [
        build_decision("d1", "c00", "two"),
        build_decision("d2", "c01", "house", n=2),
        build_decision("d3", "c02", "two", n=9),  # of a mail that never left
        build_decision("d4", "c03", "house", experiment=""),
    ]
    with write_transaction(engine) as connection:
        migrate.upgrade_to(connection, "0043")
        assert "exposures" not in inspect(connection).get_table_names()
        connection.execute(insert(campaign_versions), version | by | {"updated_at": NOW - HOUR})
        connection.execute(insert(outreaches), mails)
        connection.execute(insert(decisions), answers)
        flag = build_assignment("c00", "flag", "f", "a", kept=True)
        visit = build_assignment("visit.1", "flag", "f", "b")
        slot = build_assignment("c00", "slot", "ranking", "two")
        connection.execute(insert(OLD), [flag, visit, slot, build_assignment("c05", "flag", "f", "a", exposed_at=None)])


def test_nobody_changes_the_arm_and_what_was_seen_is_on_record(empty_engine: Engine) -> None:
    step = CampaignDefinition.model_validate(DEFINITION).steps[0]
    chosen = {who: choose_variant(CampaignDefinition.model_validate(DEFINITION), step, who) for who in CLIENTS}
    arms = {who: variant.name if variant else "" for who, variant in chosen.items()}
    assert set(arms.values()) == {"", "b"}
    fill(empty_engine, arms)
    assert migrate.upgrade(empty_engine)
    with read_transaction(empty_engine) as connection:
        rows = [row for who in (*CLIENTS, "visit.1") for row in list_assignments(connection, who)]
        texts = {row.subject: row for row in rows if row.kind == "campaign"}
        assert {who: row.arm for who, row in texts.items()} == arms, "each has the arm that the hash says"
        assert {row.experiment for row in texts.values()} == {"spring/hello"}, "a mail of one text is no test"
        assert texts["c00"].exposed_at is None, "its mail waits"
        assert texts["c01"].exposed_at == NOW + HOUR, "the first of two mails"
        others = {(row.subject, row.experiment, row.arm): row for row in rows if row.kind != "campaign"}
        seen = {key: row.exposed_at for key, row in others.items()}
        assert seen == {
            ("c00", "f", "a"): NOW + HOUR,
            ("visit.1", "f", "b"): NOW + HOUR,
            ("c05", "f", "a"): None,
            ("c00", "ranking/house+two", "two"): NOW,
            ("c01", "ranking/house+two", "house"): NOW + 2 * HOUR,
            ("c02", "ranking/house+two", "two"): None,
        }
        assert others["c00", "f", "a"].kept
        content = connection.scalar(select(outreaches.c.content).where(outreaches.c.client_id == "c00"))
        assert content is not None
        assert content["experiment"] == "spring/hello", "so that it is on record once it leaves"
        columns = {one["name"] for one in inspect(connection).get_columns("assignments")}
        assert "exposed_at" not in columns
        assert connection.scalar(select(exposures.c.at).where(exposures.c.subject == "visit.1")) == NOW + HOUR


def test_the_way_back_keeps_the_first_moment(empty_engine: Engine) -> None:
    from alembic import command

    fill(empty_engine, dict.fromkeys(CLIENTS, ""))
    assert migrate.upgrade(empty_engine)
    with write_transaction(empty_engine) as connection:
        command.downgrade(migrate.build_config(connection), "0043")
        old = connection.execute(select(OLD.c.subject, OLD.c.exposed_at).where(OLD.c.kind == "flag"))
        assert sorted(old) == [("c00", NOW + HOUR), ("c05", None), ("visit.1", NOW + HOUR)]
    assert migrate.upgrade(empty_engine), "the splits that were moved before stand in nobody's way"
    with read_transaction(empty_engine) as connection:
        slots = select(assignments.c.subject, assignments.c.experiment).where(assignments.c.kind == "slot")
        rows = connection.execute(slots).all()
    assert rows
    assert all("/" in row.experiment for row in rows)
