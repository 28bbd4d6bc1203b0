"""`selvedge fixes`: Fixes of the shop's clients, and `assemble`, boxes from plain files."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from commands import _fixes, _waves
from commands._progress import Progress
from errors import SelvedgeError

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Fixes: ask for one, decide on it, see how it came about; or assemble boxes from plain files."""


for verb in (*_fixes.VERBS, _waves.wave):
    command.add_command(verb)


@command.command()
@click.option("--requests", required=True, type=_FILE, help="client_id,slots,budget,item_cap,category_cap")
@click.option("--stock", required=True, type=_FILE, help="sku,on_hand")
@click.option("--scores", required=True, type=_FILE, help="client_id,sku,category,price,score: the candidates")
@click.option("--out", required=True, type=_FILE, help="client_id,sku: the boxes")
@click.option("--prices", type=_FILE, help="sku,shadow_price: what one more unit would add to the summed score")
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def assemble(requests: Path, stock: Path, scores: Path, out: Path, prices: Path | None, as_json: bool) -> None:
    """Fill all boxes together from one stock, so that the summed score is as high as can be, and say how near to the
    best possible it is.

    Files are CSV or Parquet by their endings; an empty slots, budget, item_cap or category_cap is no limit. Amounts are
    in exact cents. Needs no store and no server.
    """
    summary = assembled(requests, stock, scores, out, prices)
    click.echo(json.dumps(summary) if as_json else _sentence(summary, out))


def assembled(requests: Path, stock: Path, scores: Path, out: Path, prices: Path | None) -> dict[str, Any]:
    """Read, assemble, check, write; returns the summary with the seconds all that took (loading the program apart).

    Raises BadInput naming file, line and field.
    """
    from algorithms.assembly import checks, wave  # noqa: PLC0415
    from ingest import fix_files, results  # noqa: PLC0415

    started = perf_counter()
    results.check(out)
    if prices:
        results.check(prices, "prices")
    with Progress() as progress:
        progress.step("reading the files")
        instance = fix_files.read_instance(requests, stock, scores)
        done = wave.assemble(instance.wave, progress.step)
        broken = checks.faults(instance.wave, done.chosen)
        if broken:
            raise SelvedgeError(f"the boxes break a rule, nothing was written: {'; '.join(broken)}")
        progress.step(f"writing {out.name}")
        fix_files.write_boxes(out, instance, done.chosen)
        if prices:
            fix_files.write_prices(prices, instance, done.prices)
    filled, unfilled = checks.filled(instance.wave, done.chosen)
    return {
        "objective": done.objective,
        "bound": done.bound,
        "gap": done.gap,
        "seconds": round(perf_counter() - started, 3),
        "filled": filled,
        "unfilled": unfilled,
    }


def _sentence(summary: dict[str, Any], out: Path) -> str:
    return (
        f"summed score {summary['objective']:,.4f}, at most {100 * summary['gap']:.3f} % below the best possible "
        f"({summary['bound']:,.4f}), in {summary['seconds']} s; {summary['filled']:,} slots filled, "
        f"{summary['unfilled']:,} empty. {out}"
    )
