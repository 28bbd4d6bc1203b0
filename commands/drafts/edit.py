"""`selvedge drafts edit`: give sentences of a draft other words."""

from __future__ import annotations

import click

from commands.drafts.changes import SENTENCE, TEXT, ask_editor, pair_changes
from commands.drafts.desk import BY, DRAFT, open_desk
from commands.drafts.show import render_draft
from commands.shared.options import AS_JSON
from models.drafts import DraftEdit


@click.command("edit")
@DRAFT
@SENTENCE
@TEXT
@BY
@AS_JSON
def command(draft_id: str, numbers: tuple[int, ...], texts: tuple[str, ...], by: str, as_json: bool) -> None:
    """Give sentences of a draft other words, in $EDITOR or by --sentence 4 --text "..."; it goes on waiting.

    Words that the facts do not support are refused by name, and nothing is saved. `selvedge drafts approve` lets the
    mail go.
    """
    from services.review.edits import edit_draft  # noqa: PLC0415
    from services.review.lists import show_draft  # noqa: PLC0415

    desk = open_desk()
    draft = show_draft(desk.engine, draft_id)
    changes = pair_changes(numbers, texts) if numbers or texts else ask_editor(draft.sentences)
    if changes:
        edit = DraftEdit(by=by, version=draft.version, changes=changes)
        draft = edit_draft(desk.engine, desk.actor, draft_id, edit, desk.now, desk.real_now)
    elif not as_json:
        click.echo("nothing was changed", err=True)
    click.echo(draft.model_dump_json() if as_json else render_draft(draft))
