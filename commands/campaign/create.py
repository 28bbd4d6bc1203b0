"""`selvedge campaign create`: create or preview a campaign."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from commands.campaign.guardrails import GUARDRAIL, parse_guardrails
from commands.campaign.versions import is_file_name, print_version
from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.output import print_answer
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from domain.grounding import split_sentences
from models.campaign import CampaignSpec
from models.mail import Autonomy
from models.states import Arm, Phase
from settings import load


@click.command("create")
@click.argument("slug", metavar="SLUG|FILE")
@click.option("--name", help="What people call it; needed for a SLUG.")
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
@click.option("--filter", "filter_text", help="Only clients whom this filter holds; see selvedge segments --help.")
@click.option("--segment", help="Only clients of this saved segment, with its filter as it is now.")
@click.option("--throughput", type=int, help="Clients enrolled in a minute (default 60).")
@click.option("--priority", type=int, help="0 to 100; who goes first when several mails are due (default 50).")
@click.option(
    "--control-share", type=float, help="Held out at random, so that the lift can be measured (default 0.1; 0: nobody)."
)
@click.option("--window-days", type=int, help="Orders count until so many days after enrolment (default 14).")
@click.option("--ends-at", help="From this moment on no mail leaves (ISO 8601 with offset, business time).")
@click.option("--expires-days", type=int, help="End so many days after the start (default 30; 0: never by itself).")
@click.option("--review", help="Which mails a person lets out: none (default), all, or the first so many, sample:20.")
@click.option(
    "--autonomy",
    type=click.Choice([str(level) for level in Autonomy]),
    help="How free a model is that writes its mails (default: as SELVEDGE_AUTONOMY says).",
)
@click.option("--offer", help="The offer that its mails state, by its slug; see selvedge offers --help.")
@GUARDRAIL
@click.option("--even-if-empty", is_flag=True, help="Create it though nobody is in its audience yet.")
@click.option("--preview", is_flag=True, help="Count whom it would reach as clients are now; create nothing.")
@AS_JSON
def command(
    slug: str,
    phases: tuple[str, ...],
    tags: tuple[str, ...],
    filter_text: str | None,
    segment: str | None,
    guardrails: tuple[str, ...],
    even_if_empty: bool,
    preview: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Create a campaign of one mail and start it, or save a FILE with a definition as a draft. Doing it twice is doing
    it once.

    One client in ten is held out and not mailed, so that `selvedge campaign lift` can tell what mailing the others
    brings; the share stays as it is created. --preview first says whom it would reach.

    \b
    selvedge campaign create spring --name "Spring edit" \\
        --message "Our spring edit is in: light layers in soft colours." --phase active --tag vip
    """
    from services.campaigns.creation import create_campaign, preview_campaign  # noqa: PLC0415

    if is_file_name(slug):
        save_file(Path(slug), as_json)
        return
    options["throughput_per_minute"] = options.pop("throughput")
    options["guardrails"] = parse_guardrails(guardrails)
    audience = {"phases": phases, "tags": tags, "filter": filter_text, "segment": segment}
    spec = validate(CampaignSpec, {"slug": slug, "audience": audience, **options})
    engine = open_database(load())
    if preview:
        click.echo(_render_preview(spec, preview_campaign(engine, spec, load_business_time(engine)), as_json))
        return
    now, real_now = load_business_time(engine), datetime.now(UTC)
    progress = create_campaign(engine, get_command_actor(), spec, now, real_now, even_if_empty=even_if_empty)
    print_answer(progress, as_json)
    if spec.control_share and not as_json:
        click.echo(
            f"{spec.control_share:.0%} of its clients are held out and not mailed, so that its lift can be measured; "
            "--control-share 0 mails all"
        )


def save_file(file: Path, as_json: bool) -> None:
    """Save the definition in a file as a draft. Raises BadInput with every fault of it."""
    from ingest.definitions import read_definition  # noqa: PLC0415
    from services.campaigns.definitions import save_draft  # noqa: PLC0415

    definition, settings = read_definition(file), load()
    engine = open_database(settings)
    now = load_business_time(engine)
    saved = save_draft(engine, get_command_actor(), definition, settings, now, datetime.now(UTC))
    print_version(saved, as_json, f"ask for approval with: selvedge campaign submit {saved.slug}")


def _render_preview(spec: CampaignSpec, arms: Counter[Arm], as_json: bool) -> str:
    """Render how many clients each arm would hold, and how many minutes the enrolment would take."""
    counts = {
        "to_be_mailed": arms[Arm.TREATED],
        "held_out": arms[Arm.CONTROL],
        "no_consent": arms[Arm.NEITHER],
        "minutes": math.ceil(arms.total() / spec.throughput_per_minute),
    }
    if as_json:
        return json.dumps({"slug": spec.slug, **counts})
    lines = [f"{name.replace('_', ' '):<16} {count:,}" for name, count in counts.items()]
    lines += [f"each mail says    {sentence}" for sentence in split_sentences(spec.message)]
    return "\n".join([*lines, "nothing was created; caps and quiet hours decide when each mail leaves"])
