"""What the verbs of the desk share: who asks, when, and the lines of a draft for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from commands.shared.actor import get_command_actor
from commands.shared.output import strip_control_characters
from commands.shared.runtime import load_business_time, open_database
from settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from models.actors import Actor
    from models.drafts import DraftDecision, DraftFault, DraftSentence

BY = click.option("--by", default="", help="Who does it; the account of this machine when not given.")
DRAFT = click.argument("draft_id", metavar="DRAFT")
ALIKE = click.option("--alike", is_flag=True, help="Also all that wait and differ in no word but names.")


class Desk(NamedTuple):
    """The database, the actor, business and real time of one command."""

    settings: Settings
    engine: Engine
    actor: Actor
    now: datetime
    real_now: datetime


def open_desk() -> Desk:
    """Open the desk for one command."""
    settings = load()
    engine = open_database(settings)
    return Desk(settings, engine, get_command_actor(), load_business_time(engine), datetime.now(UTC))


def print_decided(draft_id: str, decision: DraftDecision, as_json: bool) -> None:
    """Carry out a decision and print what it did."""
    from services.review.decisions import decide_draft  # noqa: PLC0415
    from store.mail.policy import build_mail_rules  # noqa: PLC0415

    desk = open_desk()
    rules = build_mail_rules(desk.settings)
    done = decide_draft(desk.engine, desk.actor, rules, draft_id, decision, desk.now, desk.real_now)
    if as_json:
        click.echo(done.model_dump_json())
        return
    verb = "approved" if done.verdict == "approve" else "rejected"
    click.echo("\n".join(f"{verb} {decided}" for decided in done.decided))
    for left, why in done.left.items():
        click.echo(f"left alone {left}: {why}", err=True)


def format_sentences(sentences: Sequence[DraftSentence], faults: Sequence[DraftFault]) -> str:
    """Format a draft as numbered lines, with what is wrong below each sentence."""
    lines, where = [], ""
    for sentence in sentences:
        if sentence.where != where:
            lines.append(f"  {(where := sentence.where).replace('_', ' ')}")
        lines.append(f"    {sentence.number:>2}  {strip_control_characters(sentence.text)}")
        lines += [f"        ! {fault.what}" for fault in faults if fault.sentence == sentence.number]
    return "\n".join([*lines, *(f"  ! {fault.where}: {fault.what}" for fault in faults if not fault.sentence)])
