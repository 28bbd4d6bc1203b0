"""`selvedge flags create`: save a flag from a file."""

from __future__ import annotations

from pathlib import Path

import click

from commands.flags.lines import change_flag
from commands.shared.options import AS_JSON
from errors import BadInput
from ingest.flag_files import parse_flag


@click.command("create")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
def command(slug: str, file: Path, as_json: bool) -> None:
    """Save a flag as a draft from a YAML or JSON FILE, change a draft, or the shares of a flag that runs.

    \b
    name: More items at home          # what people of the shop call it
    namespace: home                   # nobody is in two flags of one namespace
    share: 0.5                        # of the clients and visits
    contexts: [home]                  # all pages when left out; or placements: [top]
    arms:                             # the first is the control
      - {name: as-now, share: 0.5}
      - {name: longer, share: 0.5, effect: {count: 12}}

    An effect may name: algorithm, weights (of match, trend, inventory, margin, freshness, season), count, shown,
    delay_ms, value.
    """
    from services.flags.lifecycle import save_flag  # noqa: PLC0415

    try:
        order = parse_flag(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not UTF-8", "file") from None
    change_flag(lambda engine, actor, _, now, real_now: save_flag(engine, actor, slug, order, now, real_now), as_json)
