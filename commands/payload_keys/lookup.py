"""Find a payload key by its id."""

from __future__ import annotations

from pathlib import Path

from errors import BadInput
from keys import PayloadKey, load_payload_keys
from settings import Settings


def find_key(settings: Settings, key_id: str) -> tuple[Path, PayloadKey]:
    """Find a key and the file that it stands in. Raises BadInput naming the ids that there are."""
    path = settings.payload_keys
    keys = load_payload_keys(path) if path and path.exists() else []
    for key in keys:
        if path and key.id == key_id:
            return path, key
    known = ", ".join(key.id for key in keys) or "none: selvedge payload-keys add makes one"
    raise BadInput(f"no payload key {key_id}; there is {known}", "id")
