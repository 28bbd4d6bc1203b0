"""`selvedge drafts check`: say what would be wrong with other words."""

from __future__ import annotations

import click

from commands.drafts.changes import SENTENCE, TEXT, pair_changes
from commands.drafts.desk import DRAFT, format_sentences, open_desk
from commands.shared.options import AS_JSON
from models.drafts import DraftCheck


@click.command("check")
@DRAFT
@SENTENCE
@TEXT
@AS_JSON
def command(draft_id: str, numbers: tuple[int, ...], texts: tuple[str, ...], as_json: bool) -> None:
    """Say what would be wrong with the draft if sentences had other words; save nothing. Exit status 1 for faults."""
    from services.review.edits import check_draft  # noqa: PLC0415

    result = check_draft(open_desk().engine, draft_id, DraftCheck(changes=pair_changes(numbers, texts)))
    click.echo(result.model_dump_json() if as_json else format_sentences(result.sentences, result.faults))
    if result.faults:
        raise click.exceptions.Exit(1)
