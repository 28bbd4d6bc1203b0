"""Decisions lie on the disk before they are answered, and reach the database whatever dies."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from errors import Unavailable
from services.serving import decision_spool, spool_file
from services.serving.decision_spool import DecisionSpool
from tests.support.forks import prepare_fork_context


class Store:
    """What was saved, by id; `away`: the database is."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.away = False

    def __call__(self, lines: Sequence[bytes]) -> None:
        if self.away:
            raise Unavailable("away")
        self.saved += [orjson.loads(line)["id"] for line in lines]


def build_line(number: int) -> bytes:
    return orjson.dumps({"id": str(number)})


def test_what_is_put_is_saved_once_and_the_files_go(tmp_path: Path) -> None:
    store = Store()
    spool = DecisionSpool(tmp_path, store)
    assert all(spool.put(build_line(number)) for number in range(500))
    spool.close()
    assert store.saved == [str(number) for number in range(500)]
    assert list(tmp_path.iterdir()) == []


def test_without_a_database_decisions_wait_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_spool, "MOST", 10)
    store = Store()
    store.away = True
    spool = DecisionSpool(tmp_path, store)
    assert [spool.put(build_line(number)) for number in range(12)] == [True] * 10 + [False] * 2
    spool.close()
    assert store.saved == []
    later = Store()
    DecisionSpool(tmp_path, later).close()
    assert sorted(later.saved, key=int) == [str(number) for number in range(10)]


def test_processes_of_one_id_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)  # as in containers
    store = Store()
    store.away = True
    spools = [DecisionSpool(tmp_path, store) for _ in range(2)]
    for number, spool in enumerate(spools):
        assert spool.put(build_line(number))
    for spool in spools:
        spool.close()
    later = Store()
    DecisionSpool(tmp_path, later).close()
    assert sorted(later.saved) == ["0", "1"]


def put_and_die(folder: Path, count: int, wire: Any) -> None:
    """In a process of its own: put so many decisions, say so, and be killed while the thread empties the files."""

    def fail(_lines: Sequence[bytes]) -> None:
        raise Unavailable("away")

    spool = DecisionSpool(folder, fail)
    for number in range(count):
        spool.put(build_line(number))
    wire.send("put")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_loses_nothing_that_was_put(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with prepare_fork_context("tests.services.serving.test_decision_spool") as context:
        for round_number in range(5):
            folder, count = tmp_path / str(round_number), chance.randint(1, 3_000)
            ours, theirs = context.Pipe()
            process = context.Process(target=put_and_die, args=(folder, count, theirs))
            process.start()
            assert ours.recv() == "put"
            process.join(60)
            store = Store()
            DecisionSpool(folder, store).close()
            assert set(store.saved) == {str(number) for number in range(count)}


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "decisions-1-2-3.jsonl").write_bytes(build_line(1) + b'\n{"id": "2", "sl')
    store = Store()
    DecisionSpool(tmp_path, store).close()
    assert store.saved == ["1"]


def test_a_full_disk_keeps_no_decision_and_spoils_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_file, "SPACE", 100)
    store = Store()
    store.away = True
    spool = DecisionSpool(tmp_path, store)
    assert spool.put(build_line(1))

    def fail(_file: int, _begin: int, _size: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", fail)
        assert [spool.put(build_line(number)) for number in range(2, 12)].count(False) >= 2
    assert spool.put(build_line(12))
    assert spool.put(orjson.dumps({"id": "13", "long": "x" * 500}))
    spool.close()
    later = Store()
    DecisionSpool(tmp_path, later).close()
    assert {"1", "12", "13"} <= set(later.saved)
    assert "11" not in later.saved
