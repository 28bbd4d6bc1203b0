"""A decision as a line of the spool, and the way of such lines to the database."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Engine

from models.flags import FlagSlug
from services.serving.list_origins import ListOrigin
from store.database import write_transaction
from store.experiments import assignments
from store.experiments.assignments import ExperimentKind
from store.learning import decisions
from store.sql.types import to_micros


def create_id() -> str:
    """Create the id of a decision: 128 random bits, which are unique but no secret."""
    return f"{_chance.getrandbits(128):032x}"


_chance: Final = random.Random(int.from_bytes(os.urandom(32)))
"""Seeded once: to ask the operating system for each id takes a tenth of an answer's time."""
# Web processes are forks, which would all draw the same ids one after another.
os.register_at_fork(after_in_child=lambda: _chance.seed(int.from_bytes(os.urandom(32))))


def build_line(decision: str, origin: ListOrigin, at: datetime, answer: dict[str, Any], *, question: bool) -> bytes:
    """Build the line of an answer given at business `at`. `question`: with the question, which one line of each list
    must carry."""
    record = origin.record
    line = {
        "id": decision,
        "slot": record.slot,
        "client_id": record.client_id,
        "at": to_micros(at),
        "question": record.question,
        "variant": record.variant,
        "experiment": "" if record.experiment is None else record.experiment.model_dump_json(),
        "algorithm": record.algorithm,
        "version": record.version,
        "propensity": record.propensity,
        "seconds": record.seconds,
        "answer": answer,
        "faults": record.faults,
    }
    if question:
        line["body"] = origin.body.decode()
    return orjson.dumps(line)


def build_exposure(subject: str, arms: Mapping[FlagSlug, str], at: datetime) -> bytes:
    """Build the line that says which arms of flags somebody saw at business `at`."""
    return orjson.dumps({"subject": subject, "arms": arms, "at": to_micros(at)})


class LineSaver:
    """Saves lines in one transaction each call. Safe to call again with the same lines."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, lines: Sequence[bytes]) -> None:
        """Save the lines. Raises Unavailable."""
        rows = [orjson.loads(line) for line in lines]
        exposures = [
            {"subject": row["subject"], "kind": ExperimentKind.FLAG, "experiment": flag, "arm": arm, "at": row["at"]}
            for row in rows
            if "arms" in row
            for flag, arm in row["arms"].items()
        ]
        with write_transaction(self._engine) as connection:
            decisions.save_exposures(connection, [row for row in rows if "arms" not in row])
            assignments.save_exposures(connection, exposures)
