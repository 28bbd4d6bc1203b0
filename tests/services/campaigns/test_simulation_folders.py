"""The folder of a simulation is private, and gone with its process, however that ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from errors import ConfigError
from services.campaigns.simulation_folders import open_folder


def list_folders(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "simulations").iterdir())


def test_it_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    with open_folder(tmp_path) as folder:
        (folder / "selvedge.db").write_text("ann")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list_folders(tmp_path) == [folder.name]
    assert list_folders(tmp_path) == []


def test_what_a_killed_process_left_goes_and_what_runs_stays(tmp_path: Path) -> None:
    left = tmp_path / "simulations" / "left"
    left.mkdir(parents=True)
    (left / "selvedge.db").write_text("ann")
    pid = os.fork()
    if pid == 0:
        held = open_folder(tmp_path)
        held.__enter__()
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
    (abandoned,) = list_folders(tmp_path)
    assert abandoned != "left"
    with open_folder(tmp_path) as first, open_folder(tmp_path) as second:
        assert list_folders(tmp_path) == sorted([first.name, second.name])


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "simulations").write_text("in the way")
    with pytest.raises(ConfigError, match=r"^SELVEDGE_HOME: cannot make a folder in "), open_folder(tmp_path):
        pass
