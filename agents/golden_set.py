"""The golden set: briefs that never change, on which writers are measured and compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from models.writer_scores import GoldenBrief

_FILE: Final = Path(__file__).parent / "golden" / "briefs.json"


def load_golden_set() -> list[GoldenBrief]:
    """Load the golden set: 60 briefs of five kinds in three languages, some with notes that try to give orders."""
    return [GoldenBrief.model_validate(row) for row in json.loads(_FILE.read_text(encoding="utf-8"))]
