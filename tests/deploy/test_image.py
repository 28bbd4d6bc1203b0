"""What the image installs is whole: the wheel holds every module, template, style and data file of the rooms."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.gates.source_tree import REPOSITORY, ROOMS

TOP = ["cli.py", "errors.py", "settings.py", "worker.py", "pyproject.toml", "README.md"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of what the wheel is built from."""
    copy = tmp_path_factory.mktemp("source")
    for name in TOP:
        shutil.copy(REPOSITORY / name, copy / name)
    for room in ROOMS:
        shutil.copytree(REPOSITORY / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_wheel_leaves_nothing_behind(source: Path, tmp_path: Path) -> None:
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    rooms_files = {file.relative_to(source).as_posix() for room in ROOMS for file in (source / room).rglob("*.*")}
    subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, check=True, capture_output=True, timeout=120
    )
    [wheel] = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {"cli.py", "worker.py", "models/__init__.py"} <= packed
    assert rooms_files - packed == set()
