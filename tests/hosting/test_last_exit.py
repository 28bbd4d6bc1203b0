"""A worker whose step does not end leaves all the same, in the time that those who stop it give it."""

from __future__ import annotations

import subprocess
import sys

STEP_WITHOUT_END = """
import time
from concurrent.futures import ThreadPoolExecutor
from hosting.last_exit import leave_after
with ThreadPoolExecutor() as threads:
    threads.submit(time.sleep, 300)
    leave_after(0.1)
"""


def test_a_step_without_end_keeps_no_process() -> None:
    command = [sys.executable, "-c", STEP_WITHOUT_END]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0
    assert "a step is still under way" in ended.stderr
