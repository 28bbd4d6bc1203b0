"""A folder for plain copies is private, and gone with its process, however that ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from errors import ConfigError
from services.private_folders import delete_leftovers, open_private_folder


def list_folders(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_it_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with open_private_folder(tmp_path) as folder:
        (folder / "selvedge.db").write_text("ann")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list_folders(tmp_path) == [folder.name]
    assert list_folders(tmp_path) == []


def test_what_a_killed_process_left_goes_and_what_runs_stays(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir(parents=True)
    (left / "selvedge.db").write_text("ann")
    pid = os.fork()
    if pid == 0:
        held = open_private_folder(tmp_path)
        held.__enter__()
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
    (abandoned,) = list_folders(tmp_path)
    assert abandoned != "left"
    with open_private_folder(tmp_path) as first, open_private_folder(tmp_path) as second:
        assert list_folders(tmp_path) == sorted([first.name, second.name])


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "copies"
    taken.write_text("in the way")
    with pytest.raises(ConfigError, match=r"^SELVEDGE_HOME: cannot make a folder in "), open_private_folder(taken):
        pass


def test_leftovers_go_without_a_new_folder_too(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    with open_private_folder(tmp_path) as folder:
        (tmp_path / "later").mkdir()
        delete_leftovers(tmp_path)
        assert list_folders(tmp_path) == [folder.name]
    delete_leftovers(tmp_path / "none")
