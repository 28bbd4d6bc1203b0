"""Print an answer for people or for programs."""

from __future__ import annotations

import json

import click
from pydantic import BaseModel


def print_answer(answer: BaseModel, as_json: bool) -> None:
    """Print an answer: as JSON for programs, as aligned lines for people."""
    values = answer.model_dump(mode="json")
    if as_json:
        click.echo(json.dumps(values))
        return
    width = max(len(name) for name in values)
    for name, value in values.items():
        if value not in (None, [], {}, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{name.replace('_', ' '):<{width}}  {shown}")


def strip_control_characters(text: str) -> str:
    """Return `text` on one line, without characters that could steer a terminal."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
