"""The option `--guardrail` of campaigns."""

from __future__ import annotations

from collections.abc import Iterable

import click

from errors import BadInput

GUARDRAIL = click.option(
    "--guardrail",
    "guardrails",
    multiple=True,
    metavar="NAME=SHARE",
    help="Pause by itself beyond complaints=0.001, hard_bounces=0.02, unsubscribes=0.05, negative_lift=on; =off: not.",
)


def parse_guardrails(texts: Iterable[str]) -> dict[str, object] | None:
    """Parse the options to the fields of `Guardrails`; None without one. Raises BadInput."""
    fields: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"{text!r} is no NAME=SHARE such as complaints=0.001", "guardrail")
        if name == "negative_lift":
            fields[name] = value == "on"
        else:
            fields[name] = None if value == "off" else value
    return fields or None
