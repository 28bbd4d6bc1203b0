"""`selvedge drafts approve`: let a mail go."""

from __future__ import annotations

import click

from commands.drafts.desk import ALIKE, BY, DRAFT, print_decided
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from models.drafts import DraftDecision


@click.command("approve")
@DRAFT
@ALIKE
@BY
@AS_JSON
def command(draft_id: str, alike: bool, by: str, as_json: bool) -> None:
    """Let the mail go as it stands; it passes the send gate like every mail."""
    decision = validate(DraftDecision, {"verdict": "approve", "alike": alike, "by": by})
    print_decided(draft_id, decision, as_json)
