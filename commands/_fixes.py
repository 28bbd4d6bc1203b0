"""`selvedge fixes request|show|list|decide|cancel|replay|check`: Fixes of the shop's clients."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from commands import _shared
from errors import BadInput, NotFound
from models.fix_views import FixAsked
from models.fixes import FixDecision, FixState
from settings import load
from workflows import fix_handles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.fix_views import BoxedItem, FixView, OfferedItem


@click.command()
@click.argument("client_id")
@click.option("--slots", type=int, help="How many items (default 5).")
@click.option("--budget", help="For the whole box, such as 250 or 249.50.")
@click.option("--item-cap", help="The highest price of one item.")
@click.option("--must-have", multiple=True, help="A category of which one is wanted; may be given several times.")
@click.option("--no-category", "exclude_categories", multiple=True, help="A category not wanted.")
@click.option("--no-colour", "exclude_colours", multiple=True, help="A colour not wanted.")
@click.option("--size", "sizes", multiple=True, help="A size to choose from; the client's own when not given.")
@click.option("--note", help="What the client wrote; read into fields, and shown to the stylist.")
@click.option("--when", type=click.Choice(["now", "wave"]), help="Alone and now (default), or with the next wave.")
@click.option("--due", help="With the wave: alone when none has come by then (ISO 8601 with offset, business time).")
@click.option("--key", "request_key", help="A name of your own for this request; sent again, it is the same request.")
@_shared.AS_JSON
def request(client_id: str, as_json: bool, **given: Any) -> None:
    """Ask for a Fix for a client. It is saved, then the client's workflow starts it.

    \b
    selvedge fixes request client00012 --budget 250 --must-have Shoes \\
        --note "A week in Lisbon in May. No black, please."
    """
    from store.database import write_transaction  # noqa: PLC0415
    from store.fixes.requests import ask  # noqa: PLC0415

    asked = _shared.checked(FixAsked, {name: value for name, value in given.items() if value not in ((), None)})
    settings = load()
    engine = _shared.database(settings)
    now, wait = _shared.business_now(engine), timedelta(days=settings.fix_wave_wait_days)
    with write_transaction(engine) as connection:
        fix_id = ask(connection, client_id, asked, now, wait=wait, signing_key=settings.keys.signing)
    _shared.show(
        _shared.with_temporal(settings, lambda client: fix_handles.request_fix(client, client_id, fix_id)), as_json
    )


@click.command()
@click.argument("fix_id")
@_shared.AS_JSON
def show(fix_id: str, as_json: bool) -> None:
    """Where a Fix stands, its note, its box, what may be swapped in, and every step that it took.

    Reads the store, and works without Temporal. The note is shown as the client wrote it.
    """
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes.views import view  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        found = view(connection, fix_id)
    click.echo(json.dumps(found.model_dump(mode="json")) if as_json else _told(found))


def _told(fix: FixView) -> str:
    """For people."""
    lines = [f"{fix.fix_id} of {fix.client_id}: {fix.state} {fix.code.replace('_', ' ')}".rstrip()]
    if fix.note is not None:
        lines.append(f'  note: "{_printable(fix.note)}"')
        by = f", by {'the model' if fix.read_by == 'model' else 'the rules'}" if fix.read_by else ""
        said = " ".join(fix.said) or ("nothing that could be used" if fix.read_by else "not read")
        lines.append(f"  understood{by}: {said}")
    lines += [f"  {_item(each)}  {each.state}" for each in fix.box]
    if fix.box:
        lines.append(f"  the box is worth {fix.worth:.2f} kept items")
    if fix.offers:
        lines.append(f"  may go in, by selvedge fixes decide {fix.fix_id} --swap OUT=INTO:")
        lines += [f"    {_item(offer)}  for {_any(offer.instead_of, len(fix.box))}" for offer in fix.offers]
    if fix.left_out:
        lines.append("  left out: " + ", ".join(f"{code} {count}" for code, count in sorted(fix.left_out.items())))
    lines += [f"  {_moment(step.at)}  {step.state} {step.code} {step.by}".rstrip() for step in fix.steps]
    return "\n".join(lines)


def _item(each: BoxedItem | OfferedItem) -> str:
    return (
        f"{each.sku:<24} {each.category:<14} {each.size:<8} {each.price_cents / 100:>9.2f}  "
        f"p(keep) {each.score:.2f}  p(fit) {each.p_fit:.2f}"
    )


def _any(skus: Sequence[str], of: int) -> str:
    return "any" if len(skus) == of else " or ".join(skus)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _printable(text: str) -> str:
    """On one line, without what could steer a terminal."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


@click.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([str(each) for each in FixState]))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000))
@_shared.AS_JSON
def list_(states: Sequence[str], limit: int, as_json: bool) -> None:
    """Fixes, the last touched first; `--state proposed` are those that wait for a stylist."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import fixes  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        rows = fixes.listing(connection, [FixState(state) for state in states], limit)
    if not as_json:
        click.echo(f"{'fix':<20}  {'state':<10} {'last step':<20}  {'client':<16}  code")
    for row in rows:
        if as_json:
            named = {"fix_id": row.fix_id, "client_id": row.client_id, "state": row.state, "code": row.code}
            click.echo(json.dumps(named | {"updated_at": row.updated_at.isoformat()}))
        else:
            told = f"{row.fix_id:<20}  {row.state:<10} {_moment(row.updated_at)}  {row.client_id:<16}  {row.code}"
            click.echo(told.rstrip())


@click.command()
@click.argument("fix_id")
@click.option("--approve", "verdict", flag_value="approve", help="Ship the box, after the swaps if there are any.")
@click.option("--reject", "verdict", flag_value="reject", help="Call it off.")
@click.option("--swap", "swaps", multiple=True, metavar="OUT=INTO", help="One sku for another; the box stays proposed.")
@click.option("--by", default="", help="Who decides.")
@_shared.AS_JSON
def decide(fix_id: str, verdict: str | None, swaps: tuple[str, ...], by: str, as_json: bool) -> None:
    """A stylist's word on a proposed Fix. A swap that breaks a rule is refused whole, with the rule."""
    if verdict is None and not swaps:
        raise BadInput("give --approve, --reject or --swap OUT=INTO")
    pairs = [dict(zip(("out", "into"), swap.split("=", 1), strict=False)) for swap in swaps]
    values = {"verdict": verdict or "swap", "swaps": pairs, "by": by}
    decision = _shared.checked(FixDecision, values)
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import fixes  # noqa: PLC0415

    settings = load()
    with read_transaction(_shared.database(settings)) as connection:
        fixes.check_decidable(connection, fix_id)
    _shared.show(
        _shared.with_temporal(settings, lambda client: fix_handles.decide_fix(client, fix_id, decision)), as_json
    )


@click.command()
@click.argument("fix_id")
@_shared.REASON
def cancel(fix_id: str, reason: str) -> None:
    """Call a Fix off: its units are given back. One whose workflow is gone is ended in the store."""
    settings = load()
    try:
        _shared.with_temporal(settings, lambda client: fix_handles.cancel_fix(client, fix_id, reason))
    except NotFound:
        from activities.fixes.settle import call_off  # noqa: PLC0415

        engine = _shared.database(settings)
        call_off(engine, fix_id, _shared.business_now(engine))
    click.echo(f"{fix_id}: called off; see selvedge fixes show {fix_id}")


@click.command()
@click.argument("fix_id")
@_shared.AS_JSON
def replay(fix_id: str, as_json: bool) -> int:
    """Make the box again from the question as it was asked, with the algorithm and version that answered it.

    Exit status 1 when the boxes differ. Needs no Temporal.
    """
    from services.fixes.replay import replayed  # noqa: PLC0415

    settings = load()
    again = replayed(settings, _shared.database(settings), fix_id)
    if as_json:
        click.echo(json.dumps(again._asdict()))
    else:
        same = "the same box" if again.same else "another box"
        since = f", as assembled, before {again.swaps} swap{'s' * (again.swaps > 1)}" if again.swaps else ""
        click.echo(f"{fix_id}: {same} by {again.algorithm} {again.version}{since}: {', '.join(again.again)}")
        if not again.same:
            click.echo(f"it was: {', '.join(again.box)}")
    return 0 if again.same else 1


@click.command()
@_shared.AS_JSON
def check(as_json: bool) -> int:
    """Whether as many units are reserved of every sku as Fixes hold; exit status 1 when not."""
    from store.database import read_transaction  # noqa: PLC0415
    from store.fixes import pages, reservations  # noqa: PLC0415

    with read_transaction(_shared.database(load())) as connection:
        faults = reservations.faults(connection)
        standing = pages.by_state(connection)
    if as_json:
        click.echo(json.dumps({"faults": faults, "fixes": standing}))
    else:
        click.echo(", ".join(f"{count} {state}" for state, count in standing.items()) or "no Fixes")
        click.echo(f"reserved and held differ: {', '.join(faults)}" if faults else "as many units reserved as held")
    return 1 if faults else 0


VERBS: Final = (request, show, list_, decide, cancel, replay, check)
