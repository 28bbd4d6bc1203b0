"""A line on standard error that says how far a long command is."""

from __future__ import annotations

import sys
import time
from typing import Final, Self

import click

LINE_EVERY_S: Final = 2.0
"""Seconds between lines where the output is no terminal; on a terminal one line is written over."""


class ProgressLine:
    """Steps by name, and counts within a step. As a context manager it leaves the terminal on a fresh line."""

    def __init__(self) -> None:
        self._started = self._shown = time.monotonic()
        self._step, self._count, self._unit = "", 0, ""
        self._terminal = sys.stderr.isatty()

    def step(self, what: str, unit: str = "rows") -> None:
        """Begin a step."""
        self._step, self._count, self._unit = what, 0, unit
        self._show(f"{what} …", last=not self._terminal)

    def more(self, count: int) -> None:
        """Count so many more of the step as done."""
        self._count += count
        if self._terminal or time.monotonic() - self._shown >= LINE_EVERY_S:
            self._show(f"{self._step}: {self._count:,} {self._unit}", last=not self._terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal and self._step:
            click.echo(err=True)

    def _show(self, text: str, *, last: bool) -> None:
        self._shown = time.monotonic()
        line = f"[{self._shown - self._started:6.1f} s] {text}"
        click.echo(line if last else f"\r\x1b[2K{line}", nl=last, err=True)
