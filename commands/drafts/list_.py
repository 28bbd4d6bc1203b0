"""`selvedge drafts list`: list the drafts that await a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from commands.drafts.desk import open_desk
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from models.drafts import DraftStage, HoldReason
from models.states import TouchKind

if TYPE_CHECKING:
    from models.drafts import DraftEntry


@click.command("list")
@click.option("--campaign", default="", help="Only of this campaign.")
@click.option("--kind", type=click.Choice([*map(str, TouchKind)]), help="Only of this kind.")
@click.option("--why", type=click.Choice([*map(str, HoldReason)]), help="Only those that wait for this reason.")
@click.option("--decided", is_flag=True, help="Those that do not wait any more, the latest first.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000))
@AS_JSON
def command(campaign: str, kind: str | None, why: str | None, decided: bool, limit: int, as_json: bool) -> None:
    """List the drafts that await a person, the longest first."""
    from services.review.lists import list_drafts  # noqa: PLC0415

    found = list_drafts(
        open_desk().engine,
        waiting=not decided,
        campaign=campaign,
        kind=TouchKind(kind) if kind else None,
        why=HoldReason(why) if why else None,
        limit=limit,
    )
    if as_json:
        click.echo(found.model_dump_json())
        return
    click.echo("\n".join(map(_describe, found.drafts)) or "no draft awaits a person")
    if len(found.drafts) < found.waiting and not decided:
        click.echo(f"{found.waiting - len(found.drafts)} more wait", err=True)


def _describe(entry: DraftEntry) -> str:
    notes = [f"by {entry.until:%Y-%m-%d %H:%M}", str(entry.why)]
    notes += [str(entry.stage)] * (entry.stage is not DraftStage.FRESH)
    notes += [f"{entry.alike} alike"] * (entry.alike > 1)
    notes += [f"{entry.claimed_by} works on it"] * bool(entry.claimed_by)
    about = entry.campaign or entry.kind
    subject = strip_control_characters(entry.subject)
    return f"{entry.draft_id:<20}  {about:<16}  {subject[:56]:<56}  {', '.join(notes)}"
