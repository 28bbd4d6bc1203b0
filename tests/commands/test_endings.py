"""SIGTERM ends a long command as Ctrl-C does: what it keeps for itself is gone afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import asyncio, sys
from pathlib import Path
from commands.shared.endings import end_like_ctrl_c
from services.campaigns.simulation_folders import open_folder
async def work():
    print("up", flush=True)
    await asyncio.sleep(60)
with end_like_ctrl_c(), open_folder(Path(sys.argv[1])) as folder:
    (folder / "selvedge.db").write_text("ann")
    asyncio.run(work())
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_tidies_up(tmp_path: Path, name: signal.Signals) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(name)
        assert process.wait(20) != 0
    assert list((tmp_path / "simulations").iterdir()) == []
