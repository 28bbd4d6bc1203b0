"""Options that several verbs take."""

from __future__ import annotations

from pathlib import Path

import click

from models.states import Overdue

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object for programs.")


OVERDUE = click.option(
    "--overdue",
    type=click.Choice([str(choice) for choice in Overdue]),
    default=str(Overdue.REPLAN),
    show_default=True,
    help="What becomes of mail that fell due.",
)


REASON = click.option("--reason", default="", help="A few words for people; kept in the workflow's history.")
