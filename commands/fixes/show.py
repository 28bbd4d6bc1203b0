"""`selvedge fixes show`: show a Fix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.fixes.text import format_moment
from commands.shared.options import AS_JSON
from commands.shared.output import strip_control_characters
from commands.shared.runtime import open_database
from settings import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.fix_views import BoxItem, FixView, SwapOffer


@click.command("show")
@click.argument("fix_id")
@AS_JSON
def command(fix_id: str, as_json: bool) -> None:
    """Show the state of a Fix, its note, its box, what may be swapped in, and every step that it took.

    Reads the store, and works without Temporal. The note is shown as the client wrote it.
    """
    from services.fixes.requests import load_view  # noqa: PLC0415

    fix = load_view(open_database(load()), fix_id)
    click.echo(json.dumps(fix.model_dump(mode="json")) if as_json else _render_fix(fix))


def _render_fix(fix: FixView) -> str:
    """Render a Fix as lines for people."""
    lines = [f"{fix.fix_id} of {fix.client_id}: {fix.state} {fix.code.replace('_', ' ')}".rstrip()]
    if fix.note is not None:
        lines.append(f'  note: "{strip_control_characters(fix.note)}"')
        by = f", by {'the model' if fix.read_by == 'model' else 'the rules'}" if fix.read_by else ""
        understood = " ".join(fix.said) or ("nothing that could be used" if fix.read_by else "not read")
        lines.append(f"  understood{by}: {understood}")
    lines += [f'  not understood: "{strip_control_characters(words)}"' for words in fix.not_understood]
    lines += [f"  {_render_item(item)}  {item.state}" for item in fix.box]
    lines += [f"  not in the box: {strip_control_characters(entry.name)}, because {entry.why}" for entry in fix.unmet]
    if fix.box:
        lines.append(f"  the box is worth {fix.worth:.2f} kept items")
    if fix.offers:
        lines.append(f"  may go in, by selvedge fixes decide {fix.fix_id} --swap OUT=INTO:")
        lines += [
            f"    {_render_item(offer)}  for {_render_skus(offer.instead_of, len(fix.box))}" for offer in fix.offers
        ]
    if fix.left_out:
        lines.append("  left out: " + ", ".join(f"{code} {count}" for code, count in sorted(fix.left_out.items())))
    lines += [f"  {format_moment(step.at)}  {step.state} {step.code} {step.by}".rstrip() for step in fix.steps]
    return "\n".join(lines)


def _render_item(item: BoxItem | SwapOffer) -> str:
    return (
        f"{item.sku:<24} {item.category:<14} {item.size:<8} {item.price_cents / 100:>9.2f}  "
        f"p(keep) {item.score:.2f}  p(fit) {item.p_fit:.2f}"
    )


def _render_skus(skus: Sequence[str], box_size: int) -> str:
    return "any" if len(skus) == box_size else " or ".join(skus)
