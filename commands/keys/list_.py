"""`selvedge keys list`: list the keys of programs."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import open_database
from models.team import ApiKey
from settings import load


@click.command("list")
@AS_JSON
def command(as_json: bool) -> None:
    """List every key with role, limits, expiry and last use, the newest first."""
    from services.team.api_keys import list_keys  # noqa: PLC0415

    keys = list_keys(open_database(load()))
    if as_json:
        click.echo(keys.model_dump_json())
        return
    for one in keys.keys:
        click.echo(_describe(one))
    click.echo(f"{'api':<24}  {'owner':<14}  named by SELVEDGE_API_KEY or keys.json")


def _describe(key: ApiKey) -> str:
    used = f"used {key.used_at:%Y-%m-%d %H:%M}" if key.used_at else "never used"
    until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "no end"
    state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else until
    only = f"  only {' '.join(key.only)}" if key.only else ""
    return f"{key.name:<24}  {key.role:<14}  {state:<18}  {used}{only}"
