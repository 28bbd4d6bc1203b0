"""`selvedge experiment size|read`: how many clients a test needs, and what it showed."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import click

from commands import _shared
from errors import BadInput

if TYPE_CHECKING:
    from domain.statistics.intervals import Interval

SHARE = click.FloatRange(0, 1)


@click.group()
def command() -> None:
    """Plan a test on clients, and read its outcome. Needs no store and no server."""


@command.command()
@click.option("--baseline", required=True, type=float, help="What the control does: a share, or a mean with --spread.")
@click.option("--lift", type=float, help="The lift to be seen: .05 is 5 % more than the baseline.")
@click.option("--clients", type=int, help="In place of --lift: what so many clients, both arms together, can show.")
@click.option("--spread", type=float, help="Standard deviation of the outcome, where it is an amount and not a share.")
@click.option("--power", default=0.8, show_default=True, type=SHARE, help="How often the lift is to be seen.")
@click.option("--alpha", default=0.05, show_default=True, type=SHARE, help="How often chance may look like a lift.")
@click.option("--control-share", default=0.5, show_default=True, type=SHARE, help="Of all clients, left untreated.")
@click.option("--removed", default=0.0, show_default=True, type=SHARE, help="Share of variance that CUPED takes away.")
@click.option("--watched", is_flag=True, help="It will be looked at whenever one likes, not once at the end.")
@_shared.AS_JSON
def size(
    baseline: float, lift: float | None, clients: int | None, spread: float | None, as_json: bool, **design: Any
) -> None:
    """How many clients a test needs, or with --clients the smallest lift that so many show.

    \b
    selvedge experiment size --baseline .10 --lift .05
    selvedge experiment size --baseline 62.5 --spread 48 --lift .03 --control-share .1
    selvedge experiment size --baseline .10 --clients 20000 --watched
    """
    from domain.statistics import planning  # noqa: PLC0415

    of = planning.Design(**design)
    if (lift is None) == (clients is None):
        raise BadInput("give either the lift to be seen or the clients that there are", "lift")
    if spread is not None and (not spread > 0 or not baseline > 0):
        raise BadInput("an amount needs a mean and a spread above 0", "spread")
    if spread is None and not 0 < baseline < 1:
        raise BadInput("is a share between 0 and 1; with --spread it may be any amount", "baseline")
    told: dict[str, Any] = {"clients": clients}
    if clients is not None:
        variance = baseline * (1 - baseline) if spread is None else spread**2
        lift = planning.smallest(clients, variance, variance, of) / baseline
    elif lift is not None:
        plan = (
            planning.for_shares(baseline, lift, of)
            if spread is None
            else planning.for_means(baseline * lift, spread**2, spread**2, of)
        )
        told = {"clients": plan.clients, "treated": plan.treated, "control": plan.control}
    told |= {"baseline": baseline, "lift": round(lift or 0.0, 6), **design}
    click.echo(json.dumps(told) if as_json else _planned(told))


def _planned(told: dict[str, Any]) -> str:
    arms = f" ({told['treated']:,} treated, {told['control']:,} not)" if "treated" in told else ""
    watched = ", looked at whenever one likes" if told["watched"] else ""
    return (
        f"{told['clients']:,} clients{arms} show a lift of {told['lift']:.2%} over {told['baseline']:g} "
        f"in {told['power']:.0%} of such tests{watched}; chance looks like one in {told['alpha']:.0%}"
    )


@command.command()
@click.option("--treated", required=True, metavar="YES/CLIENTS", help="Such as 131/1200: of 1,200 treated 131 ordered.")
@click.option("--control", required=True, metavar="YES/CLIENTS", help="The same of those left untreated.")
@click.option(
    "--narrowest-at", type=click.IntRange(4), help="The clients the test was planned for; for looks at any time."
)
@_shared.AS_JSON
def read(treated: str, control: str, narrowest_at: int | None, as_json: bool) -> None:
    """What a test of yes or no showed: the lift with its interval, one that holds at every look, and the chance that
    the treatment is better."""
    from domain.statistics import bayes, lift, sequential  # noqa: PLC0415

    a, b = _counts(treated, "treated"), _counts(control, "control")
    found, belief = lift.of_shares(*a, *b), bayes.of_shares(*a, *b)
    at = sequential.NARROWEST_AT if narrowest_at is None else narrowest_at
    look = sequential.look(sequential.of_share(*a), sequential.of_share(*b), narrowest_at=at)
    told = {
        "treated": round(found.treated, 6),
        "control": round(found.control, 6),
        "difference": _rounded(found.difference),
        "lift": _rounded(found.relative),
        "p_value": round(found.p_value, 6),
        "difference_at_every_look": _rounded(look.difference),
        "p_value_at_every_look": round(look.p_value, 6),
        "p_better": round(belief.p_better, 4),
        "loss_if_worse": round(belief.loss, 6),
    }
    click.echo(json.dumps(told) if as_json else _read(told))


def _counts(text: str, field: str) -> tuple[int, int]:
    yes, _, n = text.partition("/")
    if not (yes.isdecimal() and n.isdecimal()) or not 0 <= int(yes) <= int(n) or int(n) < 2:
        raise BadInput(f"{text!r} is not written like 131/1200: those who did, of how many (2 or more)", field)
    return int(yes), int(n)


def _rounded(found: Interval) -> list[float | None]:
    """Value, low, high; null where there is no bound, which JSON cannot say."""
    return [round(each, 6) if math.isfinite(each) else None for each in found]


def _read(told: dict[str, Any]) -> str:
    value, low, high = told["lift"]
    _, at_low, at_high = told["difference_at_every_look"]
    return "\n".join(
        (
            f"{told['treated']:.2%} of treated, {told['control']:.2%} of control: lift {value:+.1%}, "
            f"95 % {low:+.1%} to {high:+.1%} (p {told['p_value']:.3f}) if this was the one planned look",
            f"at any look: difference {at_low:+.2%} to {at_high:+.2%} (p {told['p_value_at_every_look']:.3f})",
            f"better with a chance of {told['p_better']:.1%}; if it is not, {told['loss_if_worse']:.3%} are lost",
        )
    )
