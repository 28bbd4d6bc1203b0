"""`selvedge campaign create|pause|resume|adjust|end|status|lift`."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from commands import _shared
from errors import BadInput
from models.campaign import CampaignChange, CampaignSpec, PauseOrder, ResumeOrder
from models.states import Arm, Overdue, Phase
from settings import load
from workflows import handles, ids

if TYPE_CHECKING:
    from models.lift import CampaignLift


@click.group()
def command() -> None:
    """Create, pause, resume, adjust, end a campaign, or see how it goes and what it brings."""


@command.command()
@click.argument("slug")
@click.option("--name", required=True, help="What people call it.")
@click.option("--message", default="", help="What it wants to say, in plain words; the writer builds on it.")
@click.option("--voice", default="", help="How it should sound; the shop's voice when not given.")
@click.option(
    "--phase",
    "phases",
    multiple=True,
    type=click.Choice([str(phase) for phase in Phase]),
    help="Only clients in this phase (any of several).",
)
@click.option("--tag", "tags", multiple=True, help="Only clients who carry this tag (all of several).")
@click.option("--throughput", type=int, help="Clients enrolled in a minute (default 60).")
@click.option("--priority", type=int, help="0 to 100; who goes first when several mails are due (default 50).")
@click.option(
    "--control-share", type=float, help="Held out, by lot, so that the lift can be measured (default 0.1; 0: nobody)."
)
@click.option("--window-days", type=int, help="Orders count until so many days after enrolment (default 14).")
@click.option("--ends-at", help="Enrol nobody after this moment (ISO 8601 with offset, business time).")
@click.option("--preview", is_flag=True, help="Count whom it would reach as clients are now; create nothing.")
@_shared.AS_JSON
def create(
    slug: str, phases: tuple[str, ...], tags: tuple[str, ...], preview: bool, as_json: bool, **given: Any
) -> None:
    """Create a campaign and start it. Doing it twice is doing it once.

    One client in ten is held out and not mailed, so that `selvedge campaign lift` can tell what mailing the others
    brings; the share stays as it is created. --preview first says whom it would reach.

    \b
    selvedge campaign create spring --name "Spring edit" \\
        --message "Our spring edit is in: light layers in soft colours." --phase active --tag vip
    """
    from domain.grounding import message_faults  # noqa: PLC0415
    from store.campaigns import campaigns  # noqa: PLC0415
    from store.database import read_transaction, write_transaction  # noqa: PLC0415
    from store.events import outbox  # noqa: PLC0415

    given["throughput_per_minute"] = given.pop("throughput")
    spec = _shared.checked(CampaignSpec, {"slug": slug, "audience": {"phases": phases, "tags": tags}, **given})
    for field in ("message", "voice"):
        if wrong := message_faults(getattr(spec, field)):
            raise BadInput(wrong[0], field)
    engine = _shared.database(load())
    if preview:
        with read_transaction(engine) as connection:
            click.echo(_reach(spec, campaigns.preview(connection, spec), as_json))
        return
    now = _shared.business_now(engine)
    with write_transaction(engine) as connection:
        campaigns.create(connection, spec, now)
        outbox.push(connection, "campaign", [slug], datetime.now(UTC))
        made = campaigns.progress(connection, slug)
    _shared.show(made, as_json)
    if spec.control_share and not as_json:
        click.echo(
            f"{spec.control_share:.0%} of its clients are held out and not mailed, so that its lift can be measured; "
            "--control-share 0 mails all"
        )


def _reach(spec: CampaignSpec, arms: Counter[Arm], as_json: bool) -> str:
    everybody = arms.total()
    found = {
        "to_be_mailed": arms[Arm.TREATED],
        "held_out": arms[Arm.CONTROL],
        "no_consent": arms[Arm.NEITHER],
        "minutes": math.ceil(everybody / spec.throughput_per_minute),
    }
    if as_json:
        return json.dumps({"slug": spec.slug, **found})
    lines = [f"{name.replace('_', ' '):<16} {count:,}" for name, count in found.items()]
    return "\n".join([*lines, "nothing was created; caps and quiet hours decide when each mail leaves"])


@command.command(short_help="Hold all mail of a campaign.")
@click.argument("slug")
@_shared.REASON
def pause(slug: str, reason: str) -> None:
    """Hold all mail of a campaign, right up to the moment before it leaves."""
    order = _shared.checked(PauseOrder, {"reason": reason})
    _shared.with_temporal(load(), lambda client: handles.pause(client, ids.campaign(slug), order))
    click.echo(f"{slug}: paused; mail on its way is parked and keeps its place")


@command.command()
@click.argument("slug")
@_shared.OVERDUE
def resume(slug: str, overdue: str) -> None:
    """Let a campaign go on; parked mail drains at its throughput."""
    order = ResumeOrder(overdue=Overdue(overdue))
    _shared.with_temporal(load(), lambda client: handles.resume(client, ids.campaign(slug), order))
    click.echo(f"{slug}: running; overdue mail: {overdue}")


@command.command()
@click.argument("slug")
@click.option("--throughput", type=int, help="Clients enrolled in a minute.")
@click.option("--priority", type=int, help="0 to 100.")
@click.option("--ends-at", help="Enrol nobody after this moment (ISO 8601 with offset, business time).")
@_shared.AS_JSON
def adjust(slug: str, throughput: int | None, priority: int | None, ends_at: str | None, as_json: bool) -> None:
    """Change a campaign while it runs."""
    if throughput is None and priority is None and ends_at is None:
        raise BadInput("give --throughput, --priority or --ends-at")
    values = {"throughput_per_minute": throughput, "priority": priority, "ends_at": ends_at}
    change = _shared.checked(CampaignChange, values)
    answer = _shared.with_temporal(load(), lambda client: handles.adjust_campaign(client, slug, change))
    _shared.show(answer, as_json)


@command.command()
@click.argument("slug")
@_shared.REASON
def end(slug: str, reason: str) -> None:
    """Enrol nobody more. Mail on its way still goes, but not what a pause holds back."""
    order = _shared.checked(PauseOrder, {"reason": reason})
    _shared.with_temporal(load(), lambda client: handles.end(client, slug, order))
    click.echo(f"{slug}: ended")


@command.command(short_help="How a campaign goes, or all of them.")
@click.argument("slug", required=False)
@_shared.AS_JSON
def status(slug: str | None, as_json: bool) -> None:
    """How a campaign goes, counted from the rows; all campaigns when none is named."""
    from store.campaigns import campaigns  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        slugs = [slug] if slug else [row.slug for row in campaigns.every(connection)]
        for place, each in enumerate(slugs):
            if place and not as_json:
                click.echo()
            _shared.show(campaigns.progress(connection, each), as_json)


@command.command(short_help="What a campaign brings, against those it holds out.")
@click.argument("slug")
@_shared.AS_JSON
def lift(slug: str, as_json: bool) -> None:
    """What a campaign brings: the clients to be mailed against those held out, mailed or not.

    Orders count from a client's enrolment until the campaign's window is over; a client counts once it is. The
    intervals are right however often one looks. Amounts in JSON are cents. The slug `re-engagement` tells the same of
    the house's own mail to clients who drift, where SELVEDGE_HOLDOUT_SHARE holds some out.
    """
    from domain.holdouts import RE_ENGAGEMENT  # noqa: PLC0415
    from store.campaigns import lift as campaign_lift  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        found = (
            campaign_lift.of_re_engagement(connection, settings.holdout_share, now)
            if slug == RE_ENGAGEMENT
            else campaign_lift.lift(connection, slug, now)
        )
    click.echo(found.model_dump_json() if as_json else _lift(found))


def _lift(found: CampaignLift) -> str:
    lines = [found.said]
    for name, arm in (("to be mailed", found.treated), ("held out", found.control)):
        lines.append(
            f"{name:<13} {arm.clients:>9,} clients, {arm.ordered:,} ordered {arm.orders:,} times for "
            f"{arm.revenue_cents / 100:,.2f}; {arm.waiting:,} more still have time"
        )
    if found.revenue is not None and found.conversion is not None and found.shows is not None:
        r = found.revenue
        lines += [
            f"revenue       {r.value / 100:+,.2f} a client, between {r.low / 100:+,.2f} and {r.high / 100:+,.2f} "
            f"(p {r.p_value:.3f}); {found.variance_removed:.1%} of its variance was known before",
            f"p {found.conversion.p_value:.3f} at any look; better with a chance of {found.conversion.p_better:.1%}; "
            f"the smallest lift that so many clients are likely to show: {found.shows:.0%}",
        ]
    return "\n".join(lines)
