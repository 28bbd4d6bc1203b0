"""`selvedge mail check`: what receivers look at."""

from __future__ import annotations

import json

import click

from commands.shared.options import AS_JSON
from settings import load


@click.command("check")
@AS_JSON
def command(as_json: bool) -> int:
    """Check SPF, DKIM, DMARC alignment, MX of the bounce domain, PTR, links and postal address.

    Prints what to publish, and exits 1 while something is missing.
    """
    from mail.dns import DnsResolver  # noqa: PLC0415
    from services.mailing.mail_check import check_mail  # noqa: PLC0415

    checks = check_mail(load(), DnsResolver())
    ok = all(check.ok for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": ok, "checks": [check.model_dump() for check in checks]}))
        return 0 if ok else 1
    for check in checks:
        click.echo(f"{'ok' if check.ok else 'MISSING':8}{check.name}: {check.found}")
        if check.publish:
            click.echo(f"{'':8}publish: {check.publish}")
    return 0 if ok else 1
