"""`selvedge fixes decide`: decide on a proposed Fix."""

from __future__ import annotations

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from commands.shared.runtime import open_database, run_with_temporal
from errors import BadInput
from models.fixes import FixDecision
from settings import load
from workflows import fix_handles


@click.command("decide")
@click.argument("fix_id")
@click.option("--approve", "verdict", flag_value="approve", help="Ship the box, after the swaps if there are any.")
@click.option("--reject", "verdict", flag_value="reject", help="Call it off.")
@click.option("--swap", "swaps", multiple=True, metavar="OUT=INTO", help="One sku for another; the box stays proposed.")
@click.option("--by", default="", help="Who decides.")
@AS_JSON
def command(fix_id: str, verdict: str | None, swaps: tuple[str, ...], by: str, as_json: bool) -> None:
    """Approve, reject or swap items of a proposed Fix. A swap that breaks a rule is refused whole, with the rule."""
    from services.fixes.requests import require_may_decide  # noqa: PLC0415

    if verdict is None and not swaps:
        raise BadInput("give --approve, --reject or --swap OUT=INTO")
    pairs = [dict(zip(("out", "into"), swap.split("=", 1), strict=False)) for swap in swaps]
    values = {"verdict": verdict or "swap", "swaps": pairs, "by": by}
    decision = validate(FixDecision, values)
    settings, actor = load(), get_command_actor()
    require_may_decide(open_database(settings), actor, fix_id)
    decided = run_with_temporal(settings, lambda client: fix_handles.decide_fix(client, fix_id, decision, actor))
    print_answer(decided, as_json)
