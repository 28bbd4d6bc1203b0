"""`selvedge dead-letters retry`: try dead letters again."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from commands.dead_letters.list_ import SOURCE
from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time, open_database
from models.dead_letters import LetterSource
from settings import load


@click.command("retry")
@click.argument("letter_ids", nargs=-1)
@SOURCE
@click.option("--all", "everything", is_flag=True, help="All, or all of --source.")
def command(letter_ids: tuple[str, ...], source: str | None, everything: bool) -> None:
    """Try dead letters again, by ids or how those begin: once taken in, they are gone."""
    from ingest.replays import retry_letter, retry_letters  # noqa: PLC0415
    from services.ingestion.dead_letters import find_id  # noqa: PLC0415
    from store.mail.policy import ShopPolicy  # noqa: PLC0415

    if bool(letter_ids) == (everything or source is not None):
        raise click.UsageError("name letters, or --all, or --source")
    settings = load()
    engine, actor, policy = open_database(settings), get_command_actor(), ShopPolicy.from_settings(settings)
    now, real_now = load_business_time(engine), datetime.now(UTC)
    if letter_ids:
        ids = [find_id(engine, one) for one in letter_ids]
        tried = [retry_letter(engine, actor, one, policy, now, real_now) for one in ids]
    else:
        tried = retry_letters(engine, actor, LetterSource(source) if source else None, policy, now, real_now)
    for one in tried:
        if not one.taken:
            click.echo(f"{one.letter_id[:12]}  {one.why}")
    taken = sum(one.taken for one in tried)
    click.echo(f"{taken:,} taken in, {len(tried) - taken:,} not")
    if taken < len(tried):
        raise SystemExit(1)
