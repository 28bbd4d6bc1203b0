"""`selvedge campaign end`: end a campaign."""

from __future__ import annotations

import click

from commands.shared.options import REASON
from commands.shared.parsing import validate
from commands.shared.runtime import run_with_temporal
from models.campaign import PauseRequest
from settings import load
from workflows import handles


@click.command("end")
@click.argument("slug")
@REASON
def command(slug: str, reason: str) -> None:
    """Enrol nobody more. Mail on its way still goes, but not what a pause holds back."""
    order = validate(PauseRequest, {"reason": reason})
    run_with_temporal(load(), lambda client: handles.end(client, slug, order))
    click.echo(f"{slug}: ended")
