"""`selvedge algorithms outcomes`: an experiment on a slot as a file to learn from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commands import _shared
from commands._records import begin
from settings import load


@click.command()
@click.argument("slot", type=click.Choice(["next_action"]))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="CSV or Parquet.")
@click.option("--since", default="180d", show_default=True, help="How far back: 36h, 90d, 26w; or a day: 2026-09-01.")
@click.option("--within", default="28d", show_default=True, help="Orders so long after an answer count for it.")
@click.option("--split", is_flag=True, help="The treatment is the variant of the split in force last.")
@_shared.AS_JSON
def outcomes(slot: str, out: Path, since: str, within: str, split: bool, as_json: bool) -> None:
    """Who was treated how by lot, what was known of them before, and whether they ordered after: one row a client.

    \b
    selvedge algorithms promote explore            # draws by lot; some weeks later
    selvedge algorithms outcomes next_action --out trial.csv
    selvedge evaluate uplift --file trial.csv --treatment treatment --outcome conversion \\
        --treated email --slot --action email --out uplift.json

    Answers without a stated propensity are left out, and counted; so are clients for whom --within is not over. An
    order counts from the answer on, whether or not the mail left: what is measured is the choice. Business time.
    """
    from ingest import results  # noqa: PLC0415
    from services.evaluation.action_outcomes import COLUMNS, experiment  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    results.check(out)
    after = _shared.span(within, "within")
    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        found = experiment(connection, begin(since, now), now, after, split=split)
    results.write(out, dict(zip(COLUMNS, map(list, zip(*found.rows, strict=True)), strict=True)))
    told = {"out": str(out), "clients": len(found.rows), "treated": found.treated, "open": found.open,
            "not_by_lot": found.not_by_lot, "propensities": found.propensities}  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
        return
    arms = ", ".join(f"{count:,} {name}" for name, count in sorted(found.treated.items()))
    click.echo(f"{len(found.rows):,} clients in {out}: {arms}")
    if found.open or found.not_by_lot:
        click.echo(f"left out: {found.open:,} clients still within {within}, {found.not_by_lot:,} answers not by lot")
    if any(len(propensity) > 1 for propensity in found.propensities.values()):
        click.echo(
            "shares changed on the way: begin --since after the last change, for an uplift takes one lot for all"
        )
