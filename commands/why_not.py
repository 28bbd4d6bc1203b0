"""`selvedge why-not ID`."""

from __future__ import annotations

import json

import click

from commands import _shared
from settings import load


@click.command()
@click.argument("client_id")
@_shared.AS_JSON
def command(client_id: str, as_json: bool) -> None:
    """Say in one sentence why a client has not been mailed, and when they next may be; then how they stand against
    their own rhythm, where a risk model serves."""
    from domain.rhythm import told  # noqa: PLC0415
    from store.clients import assessments  # noqa: PLC0415
    from store.clients.why_not import why_not  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from store.mail.policy import mail_rules  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        said = why_not(connection, client_id, mail_rules(settings), settings.keys.signing, now)
        risk = assessments.risk_of(connection, client_id)
    if as_json:
        seen = risk.model_dump(mode="json") if risk else None
        click.echo(json.dumps({"client_id": client_id, "why_not": said, "risk": seen}))
        return
    click.echo(said)
    if risk:
        click.echo(told(risk))
