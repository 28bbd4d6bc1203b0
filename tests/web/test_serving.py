"""`selvedge web`: serves on a fresh home, ends on SIGTERM, and names the variable of a port that is taken."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from commands.web import open_listener, serve
from errors import ConfigError
from settings import Settings
from tests.support.ports import free_ports


def test_a_taken_port_is_one_line_with_its_variable() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match=f"SELVEDGE_WEB_PORT: port {port} on 127.0.0.1 is taken"):
            open_listener("127.0.0.1", port)


def test_a_taken_mailbox_port_is_one_line_too(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match=f"SELVEDGE_MAILBOX_PORT: port {port} on 127.0.0.1 is taken"):
            serve(Settings(home=tmp_path, web_port=free_ports(1)[0], mailbox_port=port))


def test_an_address_that_is_not_ours_names_the_host() -> None:
    with pytest.raises(ConfigError, match=r"SELVEDGE_WEB_HOST: cannot listen on 192\.0\.2\.1"):
        open_listener("192.0.2.1", free_ports(1)[0])


def test_it_serves_a_fresh_home_and_ends_when_told(tmp_path: Path) -> None:
    web, mailbox = free_ports(2)
    ours = {"SELVEDGE_HOME": str(tmp_path), "SELVEDGE_WEB_PORT": str(web), "SELVEDGE_MAILBOX_PORT": str(mailbox)}
    with subprocess.Popen((sys.executable, "-m", "cli", "web"), env=os.environ | ours, stderr=subprocess.PIPE) as one:
        try:
            page = _page(f"http://127.0.0.1:{web}/")
            with socket.create_connection(("127.0.0.1", mailbox), 5) as smtp:
                assert smtp.recv(64).startswith(b"220 ")
        finally:
            one.send_signal(signal.SIGTERM)
            _, stderr = one.communicate(timeout=20)
    assert "Sign in" in page, "nobody reads the console of a fresh shop"
    assert f"http://127.0.0.1:{web}/invitation/".encode() in stderr, "its owner gets the first link"
    assert b"Traceback" not in stderr


def _page(address: str) -> str:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
