"""After an erasure nobody is found by their id in what was learnt, and everybody else is found where they were."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from algorithms.artefact_erasure import blank_name, erase_client


@pytest.mark.parametrize("kind", ["S", "U"])
@pytest.mark.parametrize("gone", ["a", "b", "d"])
def test_the_others_stay_where_they_were(tmp_path: Path, kind: str, gone: str) -> None:
    names = np.array(["a", "b", "c", "d"], f"{kind}8")
    np.save(tmp_path / "clients.npy", names)
    mapped = np.load(tmp_path / "clients.npy", mmap_mode="r")
    assert erase_client(tmp_path, gone) == 1
    after = np.load(tmp_path / "clients.npy")
    assert gone not in after.astype(str).tolist()
    for place, name in enumerate(names):
        if name != np.array(gone, names.dtype):
            assert np.searchsorted(after, name) == place
    assert mapped.astype(str).tolist() == ["a", "b", "c", "d"], "who has it mapped goes on with it"
    assert erase_client(tmp_path, gone) == 0


def test_two_who_go_one_after_the_other() -> None:
    names = np.array(["a", "b", "c"], "S8")
    left = blank_name(blank_name(names, 0), 1)
    assert left.tolist() == [b"", b"", b"c"]
    assert np.searchsorted(left, b"c") == 2


def test_names_in_json_and_none_that_is_an_item(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(json.dumps({"clients": {"42": 0, "7": 1}, "items": ["42", "9"]}))
    (tmp_path / "more.json").write_text(json.dumps({"clients": ["7", "42"]}))
    (tmp_path / "list.json").write_text('["42"]')
    np.save(tmp_path / "items.npy", np.array(["42"]))
    assert erase_client(tmp_path, "42") == 2
    assert json.loads((tmp_path / "names.json").read_text()) == {"clients": {"7": 1}, "items": ["42", "9"]}
    assert json.loads((tmp_path / "more.json").read_text()) == {"clients": ["7", ""]}
    assert np.load(tmp_path / "items.npy").tolist() == ["42"]


@pytest.mark.parametrize("kind", ["S", "U"])
def test_what_a_kill_cut_short_stops_nothing(tmp_path: Path, kind: str) -> None:
    """It goes once nobody can be writing it any more."""
    np.save(tmp_path / "clients.npy", np.array(["ann", "bob", "eve"], f"{kind}8"))
    whole = (tmp_path / "clients.npy").read_bytes()
    (tmp_path / "clients.npy").write_bytes(whole[:-4])
    (tmp_path / "clients-b.npy").write_bytes(b"")
    (tmp_path / "a.json").write_text('{"clients": {"bob": 0, "a')
    (tmp_path / "b.json").write_text('{"items": {"a')
    with pytest.raises((ValueError, EOFError)):
        erase_client(tmp_path, "bob")
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    assert erase_client(tmp_path, "bob") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "clients-b.npy"]
    assert erase_client(tmp_path, "bob") == 0


def test_no_folder_is_no_trouble(tmp_path: Path) -> None:
    assert erase_client(tmp_path / "none", "a") == 0
