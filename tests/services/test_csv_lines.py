from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from services.csv_lines import format_line

ROOT = Path(__file__).parents[2]
FOR_PROGRAMS = {"services/csv_lines.py", "ingest/converters/tables.py", "demo/shop.py", "demo/rhythms.py"}
"""Files of a shop, which are read again as they are; and the one place that writes for people."""


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    [[escaped, plain]] = csv.reader(io.StringIO(format_line([cell, f"a{cell}"]), newline=""))
    assert (escaped, plain) == (f"'{cell}", f"a{cell}")


def test_numbers_stay_numbers() -> None:
    assert format_line([-3, 2.5, None, "plain"]) == "-3,2.5,,plain\r\n"


def test_every_file_for_people_is_written_by_it() -> None:
    rooms = ("activities", "commands", "demo", "hosting", "ingest", "services", "store", "web")
    writers = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)", path.read_text(encoding="utf-8"))
    }
    assert writers == FOR_PROGRAMS
