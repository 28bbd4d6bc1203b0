"""`selvedge algorithms outcomes`: write an experiment on a slot as a file to learn from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_duration, parse_start
from commands.shared.runtime import load_business_time, open_database
from ingest import results
from settings import load


@click.command("outcomes")
@click.argument("slot", type=click.Choice(["next_action"]))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="CSV or Parquet.")
@click.option("--since", default="180d", show_default=True, help="How far back: 36h, 90d, 26w; or a day: 2026-09-01.")
@click.option("--within", default="28d", show_default=True, help="Orders so long after an answer count for it.")
@click.option("--split", is_flag=True, help="The treatment is the variant of the split in force last.")
@AS_JSON
def command(slot: str, out: Path, since: str, within: str, split: bool, as_json: bool) -> None:
    """Write who was treated how at random, what was known of them before, and whether they ordered after.

    The file has one row a client.

    \b
    selvedge algorithms promote explore            # randomises; some weeks later
    selvedge algorithms outcomes next_action --out trial.csv
    selvedge evaluate uplift --file trial.csv --treatment treatment --outcome conversion \\
        --treated email --slot --action email --out uplift.json

    Answers without a stated propensity are left out, and counted; so are clients for whom --within is not over. An
    order counts from the answer on, whether or not the mail left: what is measured is the choice. Business time.
    """
    from services.evaluation.action_outcomes import COLUMNS, load_experiment  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    results.check_path(out)
    after = parse_duration(within, "within")
    engine = open_database(load())
    now = load_business_time(engine)
    with read_transaction(engine) as connection:
        outcomes = load_experiment(connection, parse_start(since, now), now, after, split=split)
    results.write_table(out, dict(zip(COLUMNS, map(list, zip(*outcomes.rows, strict=True)), strict=True)))
    summary = {"out": str(out), "clients": len(outcomes.rows), "treated": outcomes.treated, "open": outcomes.open,
            "not_by_lot": outcomes.not_randomised, "propensities": outcomes.propensities}  # fmt: skip
    if as_json:
        click.echo(json.dumps(summary))
        return
    arms = ", ".join(f"{count:,} {name}" for name, count in sorted(outcomes.treated.items()))
    click.echo(f"{len(outcomes.rows):,} clients in {out}: {arms}")
    if outcomes.open or outcomes.not_randomised:
        click.echo(
            f"left out: {outcomes.open:,} clients still within {within}, "
            f"{outcomes.not_randomised:,} answers not randomised"
        )
    if any(len(propensity) > 1 for propensity in outcomes.propensities.values()):
        click.echo(
            "shares changed on the way: begin --since after the last change, for an uplift needs the same chances "
            "for all"
        )
