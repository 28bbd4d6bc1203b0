"""`selvedge train risk`: train the risk model."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from settings import load


@click.command("risk")
@click.option(
    "--horizon", default=90, show_default=True, type=click.IntRange(7, 730), help="Days ahead that are predicted."
)
@AS_JSON
def command(horizon: int, as_json: bool) -> None:
    """Train the risk model: who orders again, and when each client's silence becomes unlike them."""
    from services.training.risk import train_risk  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    with ProgressLine() as progress:
        artefact = train_by_command(
            engine, "risk", lambda now: train_risk(engine, settings, horizon, now, progress.step)
        )
    if as_json:
        click.echo(json.dumps(artefact.model_dump(mode="json")))
        return
    if "auc" in artefact.metrics:
        click.echo(
            "{clients:,} clients, {share_who_ordered:.1%} of whom ordered in the {horizon_days} days after {cut}: "
            "AUC {auc} (BG/NBD {auc_bgnbd}, recency {auc_recency}), calibration error {calibration_error}".format(
                **artefact.metrics
            )
        )
    else:
        click.echo(f"too few ordered before or within the last {horizon} days to measure it")
    click.echo(f"{artefact.id} now serves")
