"""`selvedge why-not ID`."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command()
@click.argument("client_id")
@AS_JSON
def command(client_id: str, as_json: bool) -> None:
    """Say in one sentence why a client has not been mailed, and when they next may be; then how they stand against
    their own rhythm, where a risk model serves."""
    from domain.churn_risk import explain_risk  # noqa: PLC0415
    from services.clients.why_not import explain_no_mail  # noqa: PLC0415
    from store.clients import assessments  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from store.mail.policy import build_mail_rules  # noqa: PLC0415

    settings = load()
    engine = open_database(settings)
    now = load_business_time(engine)
    with read_transaction(engine) as connection:
        reason = explain_no_mail(connection, client_id, build_mail_rules(settings), settings.keys.signing, now)
        risk = assessments.load_risk(connection, client_id)
    if as_json:
        risk_fields = risk.model_dump(mode="json") if risk else None
        click.echo(json.dumps({"client_id": client_id, "why_not": reason, "risk": risk_fields}))
        return
    click.echo(reason)
    if risk:
        click.echo(explain_risk(risk))
