"""`selvedge activity list`: list changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from errors import BadInput
from models.actors import SubjectKind
from settings import load

if TYPE_CHECKING:
    from models.actors import Activity


@click.command("list")
@click.option("--subject", default="", metavar="KIND[:ID]", help="Such as client:c-10017, campaign:spring or fix.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@AS_JSON
def command(subject: str, limit: int, as_json: bool) -> None:
    """List who changed what, the latest first. Those of a client contain their Fixes, calls and mails."""
    from store.activity import list_activities  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    kind, subject_id = _parse_subject(subject)
    with read_transaction(open_database(load())) as connection:
        rows = list_activities(connection, kind, subject_id, limit)
    if as_json:
        click.echo(json.dumps([row.model_dump(mode="json") for row in rows]))
        return
    for row in rows:
        click.echo(_describe(row))
    if not rows:
        click.echo("nothing was changed")


def _parse_subject(subject: str) -> tuple[SubjectKind | None, str]:
    """Parse `kind` or `kind:id`. Raises BadInput."""
    kind, _, subject_id = subject.partition(":")
    if kind and kind not in set(SubjectKind):
        raise BadInput(f"must begin with {', '.join(SubjectKind)}", "subject")
    return (SubjectKind(kind) if kind else None), subject_id


def _describe(row: Activity) -> str:
    actor = row.actor
    data = "".join(f"  {name}={value}" for name, value in row.data.items())
    who = f"{actor.who} ({actor.role}, {actor.channel})"
    return f"{row.at:%Y-%m-%d %H:%M}  {who:<32}  {row.action:<20}  {row.subject.kind}:{row.subject.id}{data}"
