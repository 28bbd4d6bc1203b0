"""`selvedge train fit`: train the model of fit."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from commands.shared.training import train_by_command
from settings import load


@click.command("fit")
@AS_JSON
def command(as_json: bool) -> None:
    """Train the model of fit from what clients said of Fixes: whether an item in a size is small, fits, or is large."""
    from services.training.fit import train_fit  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    with ProgressLine() as progress:
        artefact = train_by_command(engine, "fit", lambda now: train_fit(engine, settings, now, progress.step))
    if as_json:
        click.echo(json.dumps(artefact.model_dump(mode="json")))
        return
    sentence = (
        "{held_out:,} garments after {cut}: AUC of misfit {auc} (item's share {auc_item_rate}), calibration error "
    )
    enough = "auc" in artefact.metrics
    click.echo(
        (sentence + "{calibration_error}").format(**artefact.metrics) if enough else "too little feedback to measure it"
    )
    click.echo(f"{artefact.id} now serves; learnt from {artefact.metrics['feedback']:,} garments")
