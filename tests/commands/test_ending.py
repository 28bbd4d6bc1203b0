"""A signal ends a long command tidily: what it keeps for itself is gone afterwards. Shells start what runs in the
background with Ctrl-C ignored, so the script does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from pathlib import Path
from commands.shared.ending import clean_up_at_signals
from services.private_folders import open_private_folder
async def work():
    print("up", flush=True)
    await asyncio.sleep(60)
with clean_up_at_signals(), open_private_folder(Path(sys.argv[1])) as folder:
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
        try:
            assert process.wait(60) == 128 + name
        finally:
            process.kill()
    assert list(tmp_path.iterdir()) == []
