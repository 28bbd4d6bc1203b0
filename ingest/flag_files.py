"""Read a flag from YAML or JSON."""

from __future__ import annotations

from typing import Final

import yaml

from errors import BadInput
from ingest.faults import parse_model
from models.flags import FlagOrder

MOST_CHARACTERS: Final = 20_000


def parse_flag(text: str) -> FlagOrder:
    """Parse what a flag says. Raises BadInput naming the first fault."""
    if len(text) > MOST_CHARACTERS:
        raise BadInput(f"is over {MOST_CHARACTERS:,} characters", "flag")
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as wrong:
        raise BadInput(f"is no YAML: {' '.join(str(wrong).split())}", "flag") from None
    if not isinstance(content, dict):
        raise BadInput("says nothing: give name, namespace and arms", "flag")
    return parse_model(FlagOrder, content)
