"""Reads an experiment from a plain file, CSV or Parquet: one row a client, with the treatment and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from domain.arrays import Floats
from errors import BadInput
from ingest.columns import Table, read_numbers, read_table, read_texts

CONTROLS: Final = ("0", "0.0", "false", "no", "none", "control", "holdout", "nothing", "no e-mail", "no email")
"""What a treatment column calls clients without treatment, in lower case."""
NEVER_FEATURES: Final = ("", "client_id", "visit", "conversion", "spend", "propensity")
"""Ids, the propensity, and outcomes measured after the treatment, in the published e-mail experiment and in ours."""


@dataclass(frozen=True)
class ExperimentData:
    """n clients: the `arm` of each, `outcome` of shape (n,), and the `features` known before the treatment."""

    arm: tuple[str, ...]
    control: str
    outcome: Floats
    features: dict[str, list[Any]]

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
) -> ExperimentData:
    """Read an experiment with the columns `treatment` and `outcome`.

    Args:
        control: the value of `treatment` that means no treatment; guessed from CONTROLS when None.
        leave_out: columns that are no features.
        only: the columns that may be features; else all but the two named, `leave_out` and NEVER_FEATURES.

    Raises:
        BadInput: names file, line and field.
    """
    table = read_table(path, (treatment, outcome), None)
    if missing := [name for name in leave_out if name not in table.columns]:
        raise BadInput(f"has no column {missing[0]!r} to leave out", str(path))
    kinds = table.columns[treatment].cast(pa.string())
    arms: list[str] = read_texts(Table(path, {treatment: kinds}), treatment).to_pylist()
    apart = {treatment, outcome, *leave_out, *NEVER_FEATURES}
    feature_names = [name for name in table.columns if name not in apart and (only is None or name in only)]
    if not feature_names:
        among = f"; the slot knows {', '.join(only)}" if only else ""
        raise BadInput(f"has no column that says something of clients{among}", str(path))
    features = {name: [_convert_cell(value) for value in table.columns[name].to_pylist()] for name in feature_names}
    return ExperimentData(
        tuple(arms), _find_control(path, treatment, arms, control), read_numbers(table, outcome), features
    )


def _convert_cell(value: Any) -> Any:
    """Return text as it is, a flag as a number, and nothing as empty text."""
    return float(value) if isinstance(value, bool) else "" if value is None else value


def _find_control(path: Path, treatment: str, arms: list[str], named: str | None) -> str:
    names = sorted(set(arms))
    controls = [arm for arm in names if arm == named or (named is None and arm.lower() in CONTROLS)]
    if len(controls) != 1:
        listed = ", ".join(map(repr, names[:8]))
        raise BadInput(f"{treatment} holds {listed}: name the one that was left alone by --control", str(path))
    if len(names) < 2:
        raise BadInput(f"{treatment} holds {controls[0]!r} alone: nobody was treated", str(path))
    return controls[0]
