"""Parsing of numbers as shops write them: 64, "137lbs", "5' 8\"", "1.70 m", "34%"."""

from __future__ import annotations

import math
import re
from typing import Any, Final

_FEET: Final = re.compile(r"^(\d{1,2}) ?(?:'|’|′|ft\.?|feet)(?: ?(\d{1,2}(?:\.\d+)?) ?(?:\"|''|”|″|in\.?|inches)?)?$")
_UNIT: Final = re.compile(r"^([-+]?\d+(?:[.,]\d+)?) ?([a-z%\"”″.]*)$")
_IN: Final = {"": 1.0, "%": 1.0, "y": 1.0, "years": 1.0, "yrs": 1.0}
_INCHES: Final = dict.fromkeys(("in", "inch", "inches", '"', "”", "″"), 1.0) | {"cm": 1 / 2.54, "m": 100 / 2.54}
_POUNDS: Final = dict.fromkeys(("lb", "lbs", "pounds"), 1.0) | {"kg": 2.20462, "kgs": 2.20462, "st": 14.0}
_UNITS: Final = _IN | _INCHES | _POUNDS


def parse_number(cell: Any) -> float:
    """Parse the number in a cell: lengths with a unit in inches, weights in pounds; NaN where there is none."""
    if isinstance(cell, bool):
        return math.nan
    if isinstance(cell, int | float):
        return float(cell) if math.isfinite(cell) else math.nan
    return _parse_text(str(cell).strip().lower())


def _parse_text(text: str) -> float:
    if feet := _FEET.match(text):
        return 12 * float(feet[1]) + float(feet[2] or 0)
    parts = _UNIT.match(text)
    if parts is None or (unit := parts[2].rstrip(".")) not in _UNITS:
        return math.nan
    return float(parts[1].replace(",", ".")) * _UNITS[unit]
