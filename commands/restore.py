"""`selvedge restore`: put a backup in the place of a lost store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from commands.shared.actor import get_command_actor
from commands.shared.ending import clean_up_at_signals
from settings import load

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--identity", required=True, type=FILE, help="The file of the secret key.")
@click.option("--into", is_flag=True, help="Replace the shop and the keys that are there.")
@click.option(
    "--lost-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]),
    default=None,
    help="When the store was last used, UTC; now where it is not given.",
)
@click.option("--accept-gap", is_flag=True, help="Although the register does not reach to that moment.")
@clean_up_at_signals()
def command(file: Path, identity: Path, into: bool, lost_at: datetime | None, accept_gap: bool) -> None:
    """Restore the backup FILE while nothing else runs, then what the register knows of the time since: who was erased
    is erased, who left gets no mail, mails that went are on the ledger. Start web and workers afterwards, and run
    `selvedge reconcile`."""
    from services.backups.archive import read_identity  # noqa: PLC0415
    from services.backups.creation import require_folder  # noqa: PLC0415
    from services.backups.register import Register  # noqa: PLC0415
    from services.backups.restoration import restore  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415

    settings, now = load(), datetime.now(UTC)
    engine = connect(settings.database)
    try:
        done = restore(
            engine,
            settings,
            get_command_actor(),
            file,
            read_identity(identity),
            Register(require_folder(settings)),
            lost_at.replace(tzinfo=UTC) if lost_at else now,
            now,
            into=into,
            accept_gap=accept_gap,
        )
    finally:
        engine.dispose()
    click.echo(f"The shop of {done.note.taken_at:%Y-%m-%d %H:%M} UTC is back. From the register since then:")
    click.echo(f"{done.erased:,} erased clients, {done.refused:,} mailboxes not to mail, {done.replayed:,} mails.")
    if done.doubtful:
        click.echo(f"{done.doubtful:,} mails may have gone in the last moments: they are unknown, not sent again.")
    if done.strangers:
        click.echo(f"{done.strangers:,} clients who signed up since then had mail: a welcome may reach them twice.")
    click.echo("Start web and workers, then run: selvedge reconcile")
