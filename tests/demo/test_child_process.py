"""The supervisor's children: ended when told, killed when deaf, gone when the supervisor is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo import ports
from demo.child_process import ChildProcess
from errors import ConfigError
from settings import Settings
from tests.support.ports import free_ports

SLEEPS = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(tmp_path: Path, program: str, patience: float = 5) -> ChildProcess:
    return ChildProcess("child", (sys.executable, "-c", program), tmp_path / "logs" / "child.log", os.environ, patience)


async def up(one: ChildProcess) -> int:
    await one.start()
    async with asyncio.timeout(10):
        while one.read_last_line() != "up":  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    assert one.pid is not None
    return one.pid


async def test_a_child_ends_when_told(tmp_path: Path) -> None:
    one = child(tmp_path, SLEEPS)
    await up(one)
    await one.stop()
    assert one.pid is None


async def test_a_deaf_child_is_killed(tmp_path: Path) -> None:
    one = child(tmp_path, DEAF, patience=0.3)
    pid = await up(one)
    await one.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_death_is_noticed_and_its_last_words_are_kept(tmp_path: Path) -> None:
    one = child(tmp_path, "import sys; print('port is taken'); sys.exit(3)")
    await one.start()
    assert await asyncio.wait_for(one.wait_for_exit(), 60) == 3
    assert one.read_last_line() == "port is taken"


async def test_an_end_that_was_asked_for_is_no_death(tmp_path: Path) -> None:
    one = child(tmp_path, SLEEPS)
    await up(one)
    watching = asyncio.create_task(one.wait_for_exit())
    await asyncio.sleep(0)
    await one.stop()
    done, _ = await asyncio.wait({watching}, timeout=0.3)
    assert not done
    watching.cancel()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_go_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys; from pathlib import Path; from demo.child_process import ChildProcess\n"
        "async def main():\n"
        f"    command, log = (sys.executable, '-c', {SLEEPS!r}), Path({str(tmp_path / 'c.log')!r})\n"
        "    one = ChildProcess('c', command, log, os.environ, 5)\n"
        "    await one.start(); print(one.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    deadline = time.monotonic() + 60
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether it still does anything; a zombie that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_taken_port_is_named_with_its_variable(tmp_path: Path) -> None:
    web, temporal, ui, mailbox, metrics, health, shop = free_ports(7)
    given = Settings(
        home=tmp_path,
        web_port=web,
        temporal_address=f"127.0.0.1:{temporal}",
        temporal_ui_url=f"http://127.0.0.1:{ui}",
        mailbox_port=mailbox,
        worker_metrics_port=metrics,
        worker_health_port=health,
        demo_shop_port=shop,
        _env_file=None,
    )
    ports.require_free_ports(given)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", ui)
    with pytest.raises(ConfigError) as refused:
        ports.require_free_ports(given)
    server.close()
    assert f"SELVEDGE_TEMPORAL_UI_URL: port {ui}" in str(refused.value)
    assert "SELVEDGE_WEB_PORT" not in str(refused.value)
