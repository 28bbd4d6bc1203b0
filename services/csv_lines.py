"""Write CSV for people: what a spreadsheet would compute is made text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a cell a formula in a spreadsheet, at its beginning or after blanks."""


def format_line(cells: Iterable[object]) -> str:
    """Format a line of CSV in which no cell is a formula. Numbers stay numbers; None is an empty cell."""
    written = io.StringIO()
    csv.writer(written).writerow([_make_text(cell) for cell in cells])
    return written.getvalue()


def _make_text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.lstrip(" ").startswith(FORMULA) else text
