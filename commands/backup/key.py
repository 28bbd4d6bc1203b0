"""`selvedge backup key`: make the keys for backups."""

from __future__ import annotations

import os
from pathlib import Path

import click

from errors import BadInput


@click.command("key")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the secret key goes.")
def command(out: Path) -> None:
    """Make a secret key, of which this machine needs no copy, and print the public one for SELVEDGE_BACKUP_RECIPIENTS.
    Without the secret key no backup can be read: keep it twice, away from the shop."""
    from pyrage import x25519  # noqa: PLC0415

    secret = x25519.Identity.generate()
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as refused:
        raise BadInput(f"{out}: {refused.strerror}", "out") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# public key: {secret.to_public()}\n{secret}\n")
    click.echo(str(secret.to_public()))
