"""`selvedge drafts reject`: stop a mail for good."""

from __future__ import annotations

import click

from commands.drafts.desk import ALIKE, BY, DRAFT, print_decided
from commands.shared.options import AS_JSON
from commands.shared.parsing import validate
from models.drafts import DraftDecision


@click.command("reject")
@DRAFT
@click.option("--reason", required=True, help="Why, in a few words.")
@ALIKE
@BY
@AS_JSON
def command(draft_id: str, reason: str, alike: bool, by: str, as_json: bool) -> None:
    """Stop the mail for good, with a reason that stays on record."""
    decision = validate(DraftDecision, {"verdict": "reject", "reason": reason, "alike": alike, "by": by})
    print_decided(draft_id, decision, as_json)
