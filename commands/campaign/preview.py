"""`selvedge campaign preview`: whom a campaign would mail, what stops the others, and its mails."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from commands.shared.actor import get_command_actor
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from commands.shared.parsing import validate
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from models.campaign_preview import CampaignPreview, PreviewMail, PreviewOrder
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from settings import Settings

NOTHING: Final = "nothing was sent, and nothing of any client was changed"


@click.command("preview", short_help="Show whom a campaign would mail, what stops the others, and its mails.")
@click.argument("slug")
@click.option("--version", type=int, help="Of its definition; the newest when not given, a draft too.")
@click.option("--mails", type=int, help="How many mails; one of each text, at least five, when not given.")
@click.option("--client", "clients", multiple=True, help="Each text for this client (several times: for several).")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the mails into this folder.")
@click.option("--mailbox", is_flag=True, help="Put the mails into the embedded mailbox, marked as a preview.")
@click.option("--house", is_flag=True, help="Have the template writer write, where a model costs money.")
@AS_JSON
def command(
    slug: str,
    version: int | None,
    mails: int | None,
    clients: tuple[str, ...],
    out: Path | None,
    mailbox: bool,
    house: bool,
    as_json: bool,
) -> None:
    """Show whom a campaign would mail if it started now, what stops the others, and its mails as real clients would
    get them.

    The rules are those of the planner and the send gate, the mails are written as all mails are. Nothing is sent, no
    cap is used, and no client's history tells of it.

    \b
    selvedge campaign preview abandoned-cart --mails 5 --out previews
    """
    order = {"version": version, "mails": mails, "clients": clients, "deliver": mailbox}
    settings = load()
    engine = open_database(settings)
    shown = _show(settings, engine, slug, validate(PreviewOrder, order | {"writer": "house" if house else "shop"}))
    if out is not None:
        _write_files(out, shown)
    if as_json:
        click.echo(shown.model_dump_json())
    else:
        _print_counts(shown)
        _print_mails(shown, out)


def _show(settings: Settings, engine: Engine, slug: str, order: PreviewOrder) -> CampaignPreview:
    from services.campaigns.preview import show_preview  # noqa: PLC0415
    from services.context import ServiceContext  # noqa: PLC0415
    from services.recommendations.opening import open_recommender  # noqa: PLC0415

    context = ServiceContext(settings=settings, engine=engine)
    with open_recommender(settings, engine) as recommender:
        return show_preview(context, recommender, get_command_actor(), slug, order, load_business_time(engine))


def _print_counts(shown: CampaignPreview) -> None:
    named = f", version {shown.version}" if shown.version else ""
    click.echo(f"{shown.slug}{named}, as clients are on {shown.at:%Y-%m-%d %H:%M} UTC")
    rows = [(shown.audience, "in its audience"), (shown.ready, "would be mailed now"), (shown.held_out, "held out")]
    rows += [(barrier.clients, f"{'never' if barrier.never else 'later'}: {barrier.why}") for barrier in shown.barriers]
    for count, words in rows:
        click.echo(f"{count:>9,}  {words}")
    for other in shown.others:
        click.echo(f"{other.clients:>9,}  of those mailed now or later are in {other.slug} too")
    if shown.already_in:
        click.echo(f"{shown.already_in:>9,}  are or were in it already; nobody enters twice for one occasion")
    if shown.entry not in ("now", "time"):
        click.echo(f"they enter on `{shown.entry}`: who of them does, and when, is theirs to decide")


def _print_mails(shown: CampaignPreview, out: Path | None) -> None:
    for number, mail in enumerate(shown.mails, 1):
        click.echo(f"\n{number}. {_name(mail)}")
        if mail.fault:
            click.echo(f"   cannot be written: {strip_control_characters(mail.fault)}")
            continue
        click.echo(f"   {strip_control_characters(mail.subject)}\n   leaves {mail.leaves}")
        if out is None and not shown.delivered:
            click.echo("\n".join(f"   | {strip_control_characters(line)}" for line in mail.text.splitlines()))
    if len(shown.mails) < shown.texts and shown.mails:
        click.echo(f"\n{shown.texts} texts in all; --mails {shown.texts} shows each")
    if not shown.mails:
        click.echo("\nno mail: nobody could be mailed" if not shown.ready else "")
    where = f"in {out}; " if out is not None else f"{shown.delivered} in the mailbox; " if shown.delivered else ""
    click.echo(f"\n{where}{NOTHING}")


def _name(mail: PreviewMail) -> str:
    parts = [mail.client_id, mail.step and f"step {mail.step}", mail.variant and f"variant {mail.variant}"]
    own = "" if mail.own else " (this client would get another variant)"
    return ", ".join(filter(None, parts)) + own


def _write_files(out: Path, shown: CampaignPreview) -> None:
    """Write each mail as HTML and text, for nobody else to read: they are about real clients. Raises BadInput for a
    folder that cannot be written."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number, mail in enumerate(shown.mails, 1):
            if not mail.fault:
                stem = "-".join(filter(None, (f"{number:02}", mail.step, mail.variant, mail.client_id)))
                _write_private(out / f"{stem}.html", mail.html)
                _write_private(out / f"{stem}.txt", f"{mail.subject}\n\n{mail.text}")
        _write_private(out / "preview.json", shown.model_dump_json(indent=2))
    except OSError as refused:
        raise BadInput(f"cannot write there: {refused.strerror}", "out") from None


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whatever stood there."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
