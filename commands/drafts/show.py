"""`selvedge drafts show`: show a draft."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.drafts.desk import DRAFT, format_sentences, open_desk
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from models.drafts import DraftTranscript

if TYPE_CHECKING:
    from models.drafts import DraftView
    from models.model_call import CallRecord


@click.command("show")
@DRAFT
@click.option("--transcript", is_flag=True, help="Each call of a model for it: what was asked, answered and wrong.")
@AS_JSON
def command(draft_id: str, transcript: bool, as_json: bool) -> None:
    """Show a draft with its sentences by number, what is wrong with them, and what it was written from.

    A transcript is kept for SELVEDGE_TRANSCRIPT_DAYS.
    """
    from services.review.lists import list_calls, show_draft  # noqa: PLC0415

    engine = open_desk().engine
    if not transcript:
        draft = show_draft(engine, draft_id)
        click.echo(draft.model_dump_json() if as_json else render_draft(draft))
        return
    calls = list_calls(engine, draft_id)
    if as_json:
        click.echo(DraftTranscript(calls=tuple(calls)).model_dump_json())
        return
    click.echo("\n\n".join(map(render_call, calls)) or "no model was asked")


def render_call(call: CallRecord) -> str:
    """Render one call of a model as lines for people."""
    cost = f"{call.tokens_in} + {call.tokens_out} tokens, {call.cost_micros / 1_000_000:.6f}, {call.latency_ms:.0f} ms"
    lines = [f"{call.at:%Y-%m-%d %H:%M}  {call.agent}: {call.verdict}  ({call.model}, {call.prompt_version}; {cost})"]
    if call.transcript is None:
        return f"{lines[0]}\n  what was said is not kept any more"
    lines += [f"  parameters: {strip_control_characters(json.dumps(call.transcript.parameters))[:200]}"]
    for message in call.transcript.messages:
        lines.append(f"  {message.get('role', '')}:")
        lines += [f"    {strip_control_characters(line)}" for line in str(message.get("content") or "").splitlines()]
    lines.append(f"  answer: {strip_control_characters(call.transcript.answer)}")
    lines += [f"  wrong: {strip_control_characters(fault)}" for fault in call.transcript.faults]
    return "\n".join(lines)


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
    if draft.offer:
        lines.append(f"  offer, in a block of its own: {strip_control_characters(draft.offer)}")
    lines += [f"  {edit.at:%Y-%m-%d %H:%M}  edited by {edit.by}" for edit in draft.edits]
    if draft.decided_at:
        reason = f": {strip_control_characters(draft.reason)}" if draft.reason else ""
        lines.append(f"  {draft.decided_at:%Y-%m-%d %H:%M}  {draft.verdict} by {draft.decided_by}{reason}")
    return "\n".join(lines)
