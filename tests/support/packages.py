"""Packages of algorithms, installed into a folder as a stranger would."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def install(source: Path, folder: Path, work: Path) -> None:
    """Build the package in `source` from a copy under `work` and install it into `folder`; asks no network."""
    copy = shutil.copytree(source, work / f"source-of-{source.name}")
    uv = Path(sys.executable).with_name("uv")
    options = ["--no-deps", "--no-build-isolation", "--offline", "-q", "--python", sys.executable]
    command = [str(uv), "pip", "install", *options, "--target", str(folder), str(copy)]
    subprocess.run(command, check=True)
