"""`selvedge experiment read`: read what a test showed."""

from __future__ import annotations

import json
from typing import Any

import click

from commands.shared.options import AS_JSON
from errors import BadInput


@click.command("read")
@click.option("--treated", required=True, metavar="YES/CLIENTS", help="Such as 131/1200: of 1,200 treated 131 ordered.")
@click.option("--control", required=True, metavar="YES/CLIENTS", help="The same of those left untreated.")
@click.option(
    "--narrowest-at", type=click.IntRange(4), help="The clients the test was planned for; for looks at any time."
)
@AS_JSON
def command(treated: str, control: str, narrowest_at: int | None, as_json: bool) -> None:
    """Read what a test of yes or no showed: the lift with its interval, one that holds at every look, and the chance
    that the treatment is better."""
    from services.experiments.result import read_test  # noqa: PLC0415

    result = read_test(_parse_counts(treated, "treated"), _parse_counts(control, "control"), narrowest_at)
    click.echo(json.dumps(result) if as_json else _render_result(result))


def _parse_counts(text: str, field: str) -> tuple[int, int]:
    yes, _, n = text.partition("/")
    if not (yes.isdecimal() and n.isdecimal()) or not 0 <= int(yes) <= int(n) or int(n) < 2:
        raise BadInput(f"{text!r} is not written like 131/1200: those who did, of how many (2 or more)", field)
    return int(yes), int(n)


def _render_result(result: dict[str, Any]) -> str:
    value, low, high = result["lift"]
    _, at_low, at_high = result["difference_at_every_look"]
    return "\n".join(
        (
            f"{result['treated']:.2%} of treated, {result['control']:.2%} of control: lift {value:+.1%}, "
            f"95 % {low:+.1%} to {high:+.1%} (p {result['p_value']:.3f}) if this was the one planned look",
            f"at any look: difference {at_low:+.2%} to {at_high:+.2%} (p {result['p_value_at_every_look']:.3f})",
            f"better with a chance of {result['p_better']:.1%}; if it is not, {result['loss_if_worse']:.3%} are lost",
        )
    )
