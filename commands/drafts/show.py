"""`selvedge drafts show`: show a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.drafts.desk import DRAFT, format_sentences, open_desk
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters

if TYPE_CHECKING:
    from models.drafts import DraftView


@click.command("show")
@DRAFT
@AS_JSON
def command(draft_id: str, as_json: bool) -> None:
    """Show a draft with its sentences by number, what is wrong with them, and what it was written from."""
    from services.review.lists import show_draft  # noqa: PLC0415

    draft = show_draft(open_desk().engine, draft_id)
    click.echo(draft.model_dump_json() if as_json else render_draft(draft))


def render_draft(draft: DraftView) -> str:
    """Render a draft as lines for people."""
    about = f"campaign {draft.campaign}" if draft.campaign else str(draft.kind).replace("_", " ")
    lines = [f"{draft.draft_id}, {about}: {draft.state.replace('_', ' ')} ({draft.why})"]
    lines.append(format_sentences(draft.sentences, draft.faults))
    lines += [f"  reviewer, {issue.where}: {strip_control_characters(issue.what)}" for issue in draft.remarks]
    lines += [f"  fact: {strip_control_characters(fact)}" for fact in draft.facts]
    lines += [f"  item: {strip_control_characters(item)}" for item in draft.items]
    if draft.message:
        lines.append(f"  message: {strip_control_characters(draft.message)}")
    lines += [f"  {edit.at:%Y-%m-%d %H:%M}  edited by {edit.by}" for edit in draft.edits]
    if draft.decided_at:
        reason = f": {strip_control_characters(draft.reason)}" if draft.reason else ""
        lines.append(f"  {draft.decided_at:%Y-%m-%d %H:%M}  {draft.verdict} by {draft.decided_by}{reason}")
    return "\n".join(lines)
