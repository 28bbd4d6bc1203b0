"""`selvedge algorithms evaluate`: evaluate algorithms on what clients bought."""

from __future__ import annotations

from functools import partial
from typing import Any

import click
import orjson

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_moment, parse_start
from commands.shared.progress import ProgressLine
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from settings import load


@click.command("evaluate")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--slot", default="ranking", show_default=True, type=click.Choice(["ranking", "session"]), help="Whose they are."
)
@click.option(
    "--since", default="60d", show_default=True, help="The cut: 36h, 60d, 8w before --until; or a day: 2026-09-01."
)
@click.option("--until", help="What clients bought to the end of this day (UTC) or moment counts. Default: now.")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 100), help="Items asked for.")
@click.option("--clients", "most", default=2_000, show_default=True, type=click.IntRange(2), help="At most so many.")
@click.option("--seed", default=42, show_default=True, help="Draws the clients where there are more.")
@AS_JSON
def command(
    names: tuple[str, ...], slot: str, since: str, until: str | None, k: int, most: int, seed: int, as_json: bool
) -> None:
    """Ask algorithms what they would have recommended, and measure whether clients bought it.

    Clients who bought since then are asked about as of then, through the guard, as in service: the installed algorithms
    that are NAMEd, the champion, the built-in, and popularity beside them. With --since and --until as days the same
    question can be asked again later, whatever the business clock says by then.

    With --slot session: estimate how often what each puts first would have been taken up, from the pages that were
    randomised since then, by their propensities. --k, --clients and --seed have no part in it.
    """
    settings = load()
    engine = open_database(settings)
    now = load_business_time(engine)
    end = parse_moment(until, "until") if until else now
    if end > now:
        raise BadInput(f"lies ahead; business time is {now:%Y-%m-%dT%H:%M%z}", "until")
    cut, render = parse_start(since, end), _render_pages if slot == "session" else _render_quality
    with ProgressLine() as progress:
        if slot == "session":
            from services.evaluation.pages import evaluate as evaluate_pages  # noqa: PLC0415

            begin_step = partial(progress.step, unit="pages")
            report = evaluate_pages(engine, settings, names, cut, end, progress=begin_step, more=progress.more)
        else:
            from services.evaluation.rankings import evaluate as evaluate_rankings  # noqa: PLC0415

            begin_step = partial(progress.step, unit="clients")
            report = evaluate_rankings(
                engine, settings, names, cut, end, k=k, most=most, seed=seed, progress=begin_step, more=progress.more
            )
    click.echo(orjson.dumps(report) if as_json else "\n".join(render(report)))


def _render_pages(report: dict[str, Any]) -> list[str]:
    span = f"from {report['cut'][:16]} to {report['until'][:16]}"
    lines = [
        f"{report['pages']:,} pages drawn by chance {span}; what stood first was taken up {report['shown']:.2%}",
        f"{'it would have been, with 95 % intervals':<40}{'IPS':>26}{'SNIPS':>26}",
    ]
    for name, figures in report["found"].items():
        cells = (figures[measure] for measure in ("ips", "snips"))
        text = "".join(f"{cell['value']:>8.2%} [{cell['low']:.2%}, {cell['high']:.2%}]".rjust(26) for cell in cells)
        few = "" if figures["ips"]["enough"] else f"  do not trust it: worth {figures['ips']['effective_n']:.0f} pages"
        faults = ", ".join(f"{code} {count}" for code, count in figures.get("faults", {}).items())
        lines.append(f"{name:<40}{text}{few}{f'  faults: {faults}' if faults else ''}")
    return lines


def _render_quality(report: dict[str, Any]) -> list[str]:
    k = report["k"]
    headings = "".join(
        f"{heading:>26}" for heading in (f"hit rate@{k}", f"recall@{k}", f"NDCG@{k}", "NDCG over built-in")
    )
    lines = [
        f"{report['clients']:,} clients who bought from {report['cut'][:16]} to {report['until'][:16]}; 95 % intervals",
        f"{'':<24}{headings}",
    ]
    for name, figures in report["found"].items():
        cells = (figures[measure] for measure in ("hit_rate", "recall", "ndcg", "ndcg_over_house"))
        text = "".join(f"{cell['value']:>9.4f} [{cell['low']:.4f}, {cell['high']:.4f}]".rjust(26) for cell in cells)
        faults = ", ".join(f"{code} {count}" for code, count in figures["faults"].items())
        lines.append(f"{name:<24}{text}{f'  faults: {faults}' if faults else ''}")
    return lines
