"""`selvedge experiment size`: compute how many clients a test needs."""

from __future__ import annotations

import json
from typing import Any

import click

from commands.shared.options import AS_JSON

SHARE = click.FloatRange(0, 1)


@click.command("size")
@click.option("--baseline", required=True, type=float, help="What the control does: a share, or a mean with --spread.")
@click.option("--lift", type=float, help="The lift to be seen: .05 is 5 % more than the baseline.")
@click.option("--clients", type=int, help="In place of --lift: what so many clients, both arms together, can show.")
@click.option("--spread", type=float, help="Standard deviation of the outcome, where it is an amount and not a share.")
@click.option("--power", default=0.8, show_default=True, type=SHARE, help="How often the lift is to be seen.")
@click.option("--alpha", default=0.05, show_default=True, type=SHARE, help="How often chance may look like a lift.")
@click.option("--control-share", default=0.5, show_default=True, type=SHARE, help="Of all clients, left untreated.")
@click.option("--removed", default=0.0, show_default=True, type=SHARE, help="Share of variance that CUPED takes away.")
@click.option("--watched", is_flag=True, help="It will be looked at whenever one likes, not once at the end.")
@AS_JSON
def command(
    baseline: float, lift: float | None, clients: int | None, spread: float | None, as_json: bool, **design: Any
) -> None:
    """Compute how many clients a test needs, or with --clients the smallest lift that so many show.

    \b
    selvedge experiment size --baseline .10 --lift .05
    selvedge experiment size --baseline 62.5 --spread 48 --lift .03 --control-share .1
    selvedge experiment size --baseline .10 --clients 20000 --watched
    """
    from domain.statistics.planning import ExperimentDesign  # noqa: PLC0415
    from services.experiments.size import plan_test  # noqa: PLC0415

    plan = plan_test(baseline, lift, clients, spread, ExperimentDesign(**design))
    click.echo(json.dumps(plan) if as_json else _render_plan(plan))


def _render_plan(plan: dict[str, Any]) -> str:
    arms = f" ({plan['treated']:,} treated, {plan['control']:,} not)" if "treated" in plan else ""
    watched = ", looked at whenever one likes" if plan["watched"] else ""
    return (
        f"{plan['clients']:,} clients{arms} show a lift of {plan['lift']:.2%} over {plan['baseline']:g} "
        f"in {plan['power']:.0%} of such tests{watched}; chance looks like one in {plan['alpha']:.0%}"
    )
