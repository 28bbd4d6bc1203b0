"""`selvedge drafts claim`: have a draft alone for a while."""

from __future__ import annotations

from datetime import timedelta

import click

from commands.drafts.desk import BY, DRAFT, open_desk
from commands.shared.options import AS_JSON


@click.command("claim")
@DRAFT
@click.option("--release", is_flag=True, help="Give the claim up.")
@BY
@AS_JSON
def command(draft_id: str, release: bool, by: str, as_json: bool) -> None:
    """Have a draft alone for SELVEDGE_REVIEW_LEASE_MINUTES; again: for longer."""
    from services.review.claims import claim_draft, release_draft  # noqa: PLC0415

    desk = open_desk()
    if release:
        held = release_draft(desk.engine, desk.actor, draft_id, by)
        click.echo("given up" if held else "you did not hold it")
        return
    lease = timedelta(minutes=desk.settings.review_lease_minutes)
    entry = claim_draft(desk.engine, desk.actor, draft_id, by, lease, desk.now, desk.real_now)
    line = f"{entry.draft_id} is {entry.claimed_by}'s until {entry.claimed_until:%H:%M} UTC"
    click.echo(entry.model_dump_json() if as_json else line)
