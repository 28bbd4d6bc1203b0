"""The figures kept from an earlier run, in bench/kept.json, and which of today's fell behind them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from models.base import Contract

KEPT: Final = Path(__file__).parent / "kept.json"
MOST_LOSS: Final = 0.10
"""A figure may be worse than the kept one by this share."""
_HIGHER: Final = ("_per_s", "_share_of_bare_flow", "_auc", "_recall", "_ndcg", "_qini", "_low", "_of_6")
_LOWER: Final = ("_ms", "_s", "_mb", "_error", "_gap_pct", "_per_year", "_cpu_s")


class KeptFigure(Contract):
    """One figure, the day on which it was measured (ISO), and the machine."""

    value: float
    date: str
    machine: str


def describe_machine() -> str:
    """Describe this machine in a few words."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def load_kept(path: Path = KEPT) -> dict[str, KeptFigure]:
    """Load the kept figures by name; none when there is no file."""
    if not path.exists():
        return {}
    return {name: KeptFigure.model_validate(figure) for name, figure in json.loads(path.read_text()).items()}


def keep_figures(measured: Mapping[str, float], date: str, machine: str, path: Path = KEPT) -> None:
    """Write what was measured into the kept file; figures that were not measured stay as they were."""
    new = {name: KeptFigure(value=value, date=date, machine=machine) for name, value in measured.items()}
    figures = {name: figure.model_dump() for name, figure in (load_kept(path) | new).items()}
    path.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")


def find_direction(name: str, bars: Mapping[str, tuple[str, float]]) -> int:
    """Return 1 where more is better, -1 where less is, 0 where nobody said: by the figure's bar, else by its suffix."""
    if name in bars:
        return 1 if bars[name][0] == ">=" else -1
    if name.endswith(_HIGHER):
        return 1
    return -1 if name.endswith(_LOWER) else 0


def describe_losses(
    measured: Mapping[str, float], kept: Mapping[str, KeptFigure], bars: Mapping[str, tuple[str, float]], machine: str
) -> Iterator[str]:
    """Describe each figure that is worse than the kept one by over a tenth of it, in the order of their names."""
    for name in sorted(measured.keys() & kept.keys()):
        now, before = measured[name], kept[name]
        loss = find_direction(name, bars) * (before.value - now)
        if loss > MOST_LOSS * abs(before.value):
            where = "" if before.machine == machine else f", on another machine ({before.machine})"
            change = f"worse by {loss / abs(before.value):.0%}" if before.value else "worse"
            yield f"{name}: {change}: {now:,.4g}, kept {before.value:,.4g} on {before.date}{where}"
