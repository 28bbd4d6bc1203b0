"""`selvedge campaign people`: say of each client of a campaign where they stand."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from commands.shared.options import AS_JSON
from commands.shared.runtime import load_business_time, open_database
from models.states import EnrolmentState
from settings import load

if TYPE_CHECKING:
    from models.campaign_people import CampaignPerson

SHOWN: Final = 100
COLUMNS: Final = ("client_id", "entry", "state", "code", "why", "since", "until", "n", "mail_state", "arm", "may_retry")


@click.command("people", short_help="Say who is in a campaign, where they stand, why and until when.")
@click.argument("slug")
@click.option("--state", type=click.Choice([str(state) for state in EnrolmentState]), help="Only those in this state.")
@click.option("--code", default="", help="Only those with this reason.")
@click.option("--csv", "as_csv", is_flag=True, help="All of them, as CSV.")
@AS_JSON
def command(slug: str, state: str | None, code: str, as_csv: bool, as_json: bool) -> None:
    """Say of each client of a campaign where they stand, why, and until when.

    For people the first 100 are shown; --csv and --json give all. `may_retry`: `selvedge campaign retry` may help.

    \b
    selvedge campaign people spring --state waiting --csv > waiting.csv
    """
    from services.campaigns.people import iterate_people  # noqa: PLC0415

    engine = open_database(load())
    wanted = EnrolmentState(state) if state else None
    found = iterate_people(engine, slug, load_business_time(engine), wanted, code)
    if as_csv:
        _write_csv(found)
    elif as_json:
        for person in found:
            click.echo(person.model_dump_json())
    else:
        _print_people(found)


def _write_csv(found: Iterable[CampaignPerson]) -> None:
    from services.csv_lines import format_line  # noqa: PLC0415

    sys.stdout.write(format_line(COLUMNS))
    for person in found:
        values = person.model_dump(mode="json")
        sys.stdout.write(format_line(values[column] for column in COLUMNS))


def _print_people(found: Iterable[CampaignPerson]) -> None:
    shown = list(islice(found, SHOWN + 1))
    for person in shown[:SHOWN]:
        until = f", until {person.until:%Y-%m-%d %H:%M}" if person.until else ""
        retry = " (may be retried)" if person.may_retry else ""
        click.echo(f"{person.client_id:<20} {person.state:<10} {person.why}{until}{retry}")
    if not shown:
        click.echo("nobody")
    if len(shown) > SHOWN:
        click.echo(f"these are the first {SHOWN}; --csv or --json gives all")
