"""`selvedge fixes assemble`: fill boxes from plain files."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from commands.shared.progress import ProgressLine
from errors import SelvedgeError
from ingest import results

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("assemble")
@click.option("--requests", required=True, type=_FILE, help="client_id,slots,budget,item_cap,category_cap")
@click.option("--stock", required=True, type=_FILE, help="sku,on_hand")
@click.option("--scores", required=True, type=_FILE, help="client_id,sku,category,price,score: the candidates")
@click.option("--out", required=True, type=_FILE, help="client_id,sku: the boxes")
@click.option("--prices", type=_FILE, help="sku,shadow_price: what one more unit would add to the summed score")
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object for programs.")
def command(requests: Path, stock: Path, scores: Path, out: Path, prices: Path | None, as_json: bool) -> None:
    """Fill all boxes together from one stock, so that the summed score is as high as can be, and say how near to the
    best possible it is.

    Files are CSV or Parquet by their endings; an empty slots, budget, item_cap or category_cap is no limit. Amounts are
    in exact cents. Needs no store and no server.
    """
    summary = assemble_files(requests, stock, scores, out, prices)
    click.echo(json.dumps(summary) if as_json else _render_summary(summary, out))


def assemble_files(requests: Path, stock: Path, scores: Path, out: Path, prices: Path | None) -> dict[str, Any]:
    """Read the files, assemble, check and write the boxes; return the summary with the seconds it took.

    Raises: BadInput naming file, line and field.
    """
    from algorithms.assembly import checks, wave  # noqa: PLC0415
    from ingest import fix_files  # noqa: PLC0415

    started = perf_counter()
    results.check_path(out)
    if prices:
        results.check_path(prices, "prices")
    with ProgressLine() as progress:
        progress.step("reading the files")
        instance = fix_files.read_instance(requests, stock, scores)
        assembly = wave.assemble(instance.wave, progress.step)
        broken = checks.find_faults(instance.wave, assembly.chosen)
        if broken:
            raise SelvedgeError(f"the boxes break a rule, nothing was written: {'; '.join(broken)}")
        progress.step(f"writing {out.name}")
        fix_files.write_boxes(out, instance, assembly.chosen)
        if prices:
            fix_files.write_prices(prices, instance, assembly.prices)
    filled, unfilled = checks.count_slots(instance.wave, assembly.chosen)
    return {
        "objective": assembly.objective,
        "bound": assembly.bound,
        "gap": assembly.gap,
        "seconds": round(perf_counter() - started, 3),
        "filled": filled,
        "unfilled": unfilled,
    }


def _render_summary(summary: dict[str, Any], out: Path) -> str:
    return (
        f"summed score {summary['objective']:,.4f}, at most {100 * summary['gap']:.3f} % below the best possible "
        f"({summary['bound']:,.4f}), in {summary['seconds']} s; {summary['filled']:,} slots filled, "
        f"{summary['unfilled']:,} empty. {out}"
    )
