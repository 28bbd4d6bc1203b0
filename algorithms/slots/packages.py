"""Algorithms of installed packages: entry points of the group `selvedge.algorithms`, read without importing them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

GROUP: Final = "selvedge.algorithms"


@dataclass(frozen=True)
class AlgorithmPackage:
    """An entry point, `module:name`. `release` changes with every installation of its package."""

    name: str
    entry: str
    package: str
    release: str

    @property
    def version(self) -> str:
        """The package's version."""
        return self.release.partition("/")[0]


def find_packages(paths: Sequence[str] = ()) -> dict[str, AlgorithmPackage]:
    """Find all algorithm packages that are installed now, by name; of two with one name the first on the path
    counts."""
    importlib.invalidate_caches()
    packages: dict[str, AlgorithmPackage] = {}
    for distribution in distributions(path=[*sys.path, *paths]):
        for entry in distribution.entry_points:
            if entry.group == GROUP:
                release = _read_release(distribution)
                packages.setdefault(entry.name, AlgorithmPackage(entry.name, entry.value, distribution.name, release))
    return packages


def _read_release(distribution: Distribution) -> str:
    record = (
        Path(str(distribution.locate_file("")))
        / f"{distribution.name.replace('-', '_')}-{distribution.version}.dist-info"
    )
    stamp = record.stat().st_mtime_ns if record.exists() else 0
    return f"{distribution.version}/{stamp}"
