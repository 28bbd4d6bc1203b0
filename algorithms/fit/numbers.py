"""Numbers out of cells as shops write them: 64, "137lbs", "5' 8\"", "1.70 m", "34%"."""

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


def number(cell: Any) -> float:
    """The number in a cell, lengths with a unit in inches and weights in pounds; NaN where there is none."""
    if isinstance(cell, bool):
        return math.nan
    if isinstance(cell, int | float):
        return float(cell) if math.isfinite(cell) else math.nan
    return _written(str(cell).strip().lower())


def _written(text: str) -> float:
    if found := _FEET.match(text):
        return 12 * float(found[1]) + float(found[2] or 0)
    found = _UNIT.match(text)
    if found is None or (unit := found[2].rstrip(".")) not in _UNITS:
        return math.nan
    return float(found[1].replace(",", ".")) * _UNITS[unit]
