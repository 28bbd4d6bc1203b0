"""An experiment from a plain file, CSV or Parquet: one row a client, who was treated how, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from domain.arrays import Floats
from errors import BadInput
from ingest.fix_columns import Table, numbers, read, texts

CONTROLS: Final = ("0", "0.0", "false", "no", "none", "control", "holdout", "nothing", "no e-mail", "no email")
"""What a treatment column calls those who were left alone, in small letters."""
NEVER_FEATURES: Final = ("", "client_id", "visit", "conversion", "spend", "propensity")
"""Ids, the lot, and what is measured after the treatment in the published e-mail experiment and in ours."""


@dataclass(frozen=True)
class Experiment:
    """n clients: the `arm` of each, `outcome` of shape (n,), and the columns `known` from before."""

    arm: tuple[str, ...]
    control: str
    outcome: Floats
    known: dict[str, list[Any]]

    @property
    def treatments(self) -> list[str]:
        """The arms but the control, by name."""
        return sorted(set(self.arm) - {self.control})


def read_experiment(
    path: Path,
    treatment: str,
    outcome: str,
    control: str | None = None,
    leave_out: Sequence[str] = (),
    only: Sequence[str] | None = None,
) -> Experiment:
    """`only`: the columns that may be known; else all but the two named, `leave_out` and NEVER_FEATURES.

    Raises BadInput naming file, line and field.
    """
    table = read(path, (treatment, outcome), None)
    if missing := [name for name in leave_out if name not in table.columns]:
        raise BadInput(f"has no column {missing[0]!r} to leave out", str(path))
    kinds = table.columns[treatment].cast(pa.string())
    arms: list[str] = texts(Table(path, {treatment: kinds}), treatment).to_pylist()
    apart = {treatment, outcome, *leave_out, *NEVER_FEATURES}
    wanted = [name for name in table.columns if name not in apart and (only is None or name in only)]
    if not wanted:
        among = f"; the slot knows {', '.join(only)}" if only else ""
        raise BadInput(f"has no column that says something of clients{among}", str(path))
    known = {name: [_plain(each) for each in table.columns[name].to_pylist()] for name in wanted}
    return Experiment(tuple(arms), _control(path, treatment, arms, control), numbers(table, outcome), known)


def _plain(value: Any) -> Any:
    """Text as it stands, a flag as a number."""
    return float(value) if isinstance(value, bool) else "" if value is None else value


def _control(path: Path, treatment: str, arms: list[str], named: str | None) -> str:
    there = sorted(set(arms))
    found = [each for each in there if each == named or (named is None and each.lower() in CONTROLS)]
    if len(found) != 1:
        listed = ", ".join(map(repr, there[:8]))
        raise BadInput(f"{treatment} holds {listed}: name the one that was left alone by --control", str(path))
    if len(there) < 2:
        raise BadInput(f"{treatment} holds {found[0]!r} alone: nobody was treated", str(path))
    return found[0]
