"""Algorithms planted into a folder as pip leaves them, and the file that says who answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

FIRST = """
slot, version = "ranking", "{version}"

def answer(question):
    first = [each["item_id"] for each in question["candidates"]][: question["n"]]
    return {{"items": [{{"item_id": each, "score": 1}} for each in first]}}
"""


def install_algorithm(folder: Path, name: str, version: str = "1", source: str | None = None) -> None:
    """A module and its .dist-info; without a `source`, a ranking that keeps the order of the candidates."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[selvedge.algorithms]\n{name} = {name}\n")
    (folder / f"{name}.py").write_text(source if source is not None else FIRST.format(version=version))


def write_policy_file(home: Path, text: str) -> None:
    """The whole of algorithms.toml."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "algorithms.toml").write_text(text)


def wait_until(wanted: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not wanted() and time.monotonic() < end:
        time.sleep(0.05)
    return wanted()
