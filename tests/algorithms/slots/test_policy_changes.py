"""`algorithms.toml` and its history, in every shape that a hand, a full disk or a kill may leave them in."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from algorithms.slots import policy_changes, policy_file
from algorithms.slots.policy_changes import (
    PolicyEdit,
    apply_change,
    edit_champion,
    edit_policy,
    edit_shadow,
    edit_split,
    load_history,
    record_manual_edit,
)
from algorithms.slots.registry import Registry
from errors import ConfigError
from models.slot_policies import AlgorithmsFile, SlotPolicy

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "whsec_" + "QUFB" * 12
EDITS = (
    edit_policy("ranking", SlotPolicy(deadline_ms=150)),
    edit_champion("ranking", "new"),
    edit_shadow("ranking", "new", False),
    edit_split("ranking", "new", 0.2),
)


def _change(file: Path, edit: PolicyEdit) -> AlgorithmsFile:
    apply_change(file, edit, "ana", "test", NOW, lambda _: None)
    return policy_file.read_file(file)


@pytest.mark.parametrize(
    "text",
    [
        "slots = {ranking = {deadline_ms = 100}}\n",
        "slots = {risk = {deadline_ms = 100}}\n",
        "[slots]\nranking = {deadline_ms = 100}\n",
        "[slots]\nranking.deadline_ms = 100\n",
        "slots.ranking.deadline_ms = 100\n",
        "[slots.ranking]\nsplit = {}\n",
        "[slots.risk]\n[remotes]\nhosts = []\n[slots.ranking]\n",
    ],
)
@pytest.mark.parametrize("edit", EDITS)
def test_a_file_is_changed_however_it_is_written(tmp_path: Path, text: str, edit: PolicyEdit) -> None:
    file = tmp_path / policy_file.NAME
    file.write_text(text)
    policy = _change(file, edit).slots["ranking"]
    assert policy.deadline_ms == 150 or {policy.champion, *policy.shadows, *policy.split} >= {"new"}
    assert (tmp_path / policy_changes.HISTORY).read_text().count('"who":"ana"') == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"a = " + b"[" * 5_000 + b"]" * 5_000,
        b"a = " + b"1" * 5_000,
        b"# \xe9\n",
        b"#" * (policy_file.LARGEST + 1),
        b"[slots.ranking\n",
    ],
    ids=["deep", "number", "latin", "huge", "torn"],
)
def test_what_cannot_be_read_is_refused_in_words_and_keeps_no_worker_from_starting(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / policy_file.NAME
    file.write_bytes(raw)
    for reads in (
        lambda: policy_file.read_file(file),
        lambda: _change(file, EDITS[1]),
        lambda: record_manual_edit(file, NOW),
    ):
        with pytest.raises(ConfigError, match=policy_file.NAME):
            reads()
    assert file.read_bytes() == raw
    assert _serves_nobody(file)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    file = tmp_path / policy_file.NAME
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="is no file"):
        policy_file.read_file(file)
    assert _serves_nobody(file)


def test_a_path_of_certificates_that_is_none_keeps_no_worker_from_starting(tmp_path: Path) -> None:
    file = tmp_path / policy_file.NAME
    file.write_text(
        '[remotes]\nca_file = "a\\u0000b"\nhosts = ["127.0.0.1:9"]\nnetworks = ["127.0.0.0/8"]\n'
        '[slots.ranking]\nchampion = "r"\n[remote.r]\nslot = "ranking"\nurl = "http://127.0.0.1:9/"\n'
        f'secret = "{SECRET}"\n'
    )
    assert _serves_nobody(file)


def _serves_nobody(file: Path) -> bool:
    registry = Registry(file)
    try:
        return registry.list_chain("ranking", "ana") == []
    finally:
        registry.close()


def test_a_torn_line_of_the_history_costs_no_other(tmp_path: Path) -> None:
    file, history_file = tmp_path / policy_file.NAME, tmp_path / policy_changes.HISTORY
    _change(file, EDITS[0])
    history_file.write_bytes(history_file.read_bytes() + b'{"at":"2026-11-21T00:00:00Z","who":"b\xc3')
    assert [entry.who for entry in load_history(file, NOW)] == ["ana"]
    record_manual_edit(file, NOW)
    _change(file, EDITS[1])
    assert [entry.slots["ranking"].champion for entry in load_history(file, NOW)] == ["house", "new"]


def test_a_link_keeps_leading_to_the_file_that_is_changed(tmp_path: Path) -> None:
    real, file = tmp_path / "kept" / "real.toml", tmp_path / policy_file.NAME
    real.parent.mkdir()
    real.write_text("# mine\n")
    file.symlink_to(real)
    _change(file, EDITS[1])
    assert file.is_symlink()
    assert real.read_text().startswith("# mine\n")
    assert policy_file.read_file(real).slots["ranking"].champion == "new"


def test_a_full_disk_changes_nothing_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / policy_file.NAME
    file.write_text("# mine\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"):
        _change(file, EDITS[1])
    assert file.read_text() == "# mine\n"
    assert {path.name for path in tmp_path.iterdir()} == {file.name, f".{file.name}.lock"}
