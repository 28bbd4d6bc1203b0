"""What a change replaced, field by field, for the Activity log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel


def list_replaced(before: BaseModel, after: BaseModel, without: Collection[str] = ()) -> Mapping[str, Any]:
    """List the fields that differ, each with what it was and what it is, as the log holds them under `changed`.

    Args: `without` are fields whose words do not belong into the log; that they changed stands there as True.
    """
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    differ = [name for name in new if old.get(name) != new[name]]
    words = {name: True for name in differ if name in without}
    replaced = {name: [old.get(name), new[name]] for name in differ if name not in without}
    return words | ({"changed": replaced} if replaced else {})
