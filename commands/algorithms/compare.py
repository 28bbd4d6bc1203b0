"""`selvedge algorithms compare`: compare the champion, shadows and variants from records."""

from __future__ import annotations

from typing import Any

import click
import orjson

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_duration, parse_start
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("compare")
@click.option("--slot", default="ranking", show_default=True, help="The slot whose answers are compared.")
@click.option("--since", default="30d", show_default=True, help="How far back: 36h, 7d, 2w; or a day: 2026-09-01.")
@click.option(
    "--within", show_default="7d, of session 4h", help="What a client does so long after seeing an answer counts."
)
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Places of a list that count.")
@AS_JSON
def command(slot: str, since: str, within: str | None, k: int, as_json: bool) -> None:
    """Compare the champion with its shadows, and the variants of a split with each other.

    Shadows: how often they agree, how fast they are, how often they fail, what would have changed, and, where the
    champion draws by chance and says how, what they would have earned. Variants: who ordered, for how much, and what
    was kept, with 95 % intervals over clients. Answers for which --within is not over yet are left out of these, and
    counted. All times are business time.
    """
    from algorithms.slots.slot_table import require_slot  # noqa: PLC0415
    from services.evaluation.comparison import compare as compare_slot  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    after = parse_duration(within or ("4h" if slot == "session" else "7d"), "within")
    engine = open_database(load())
    now = load_business_time(engine)
    with read_transaction(engine) as connection:
        comparison = compare_slot(connection, require_slot(slot).name, parse_start(since, now), now, after, k)
    # orjson writes null for a bound without limit.
    click.echo(orjson.dumps(comparison) if as_json else "\n".join(_render_comparison(comparison)))


def _render_comparison(comparison: dict[str, Any]) -> list[str]:
    span = f"from {comparison['since'][:16]} to {comparison['until'][:16]}, business time"
    lines = [f"{comparison['answers']:,} answers of {comparison['slot']} {span}"]
    for name, figures in comparison["variants"].items():
        lines += [
            "",
            f"{name}: {_render_answers(figures)}" if "n" in figures else name,
            *_render_earnings(figures.get("earned"), comparison["within_days"]),
            *(_render_takeup(figures.get("touched")) if comparison["slot"] == "session" else ()),
        ]
        lines += [*_render_lifts(figures["over"])] if "over" in figures else []
    for name, figures in comparison["shadows"].items():
        lines += [
            "",
            f"shadow {name}: {_render_answers(figures)}",
            *_render_agreement(figures["agreement"]),
            *_render_off_policy(figures["foretold"]),
        ]
    if not comparison["shadows"]:
        lines += ["", "no shadow was asked; selvedge algorithms shadow NAME"]
    return lines


def _render_answers(row: dict[str, Any]) -> str:
    times = f"{row['p50_ms']} ms, 95 % within {row['p95_ms']} ms" if row["p50_ms"] is not None else "no times"
    faults = ", ".join(f"{code} {count}" for code, count in row["faults"].items())
    return f"{row['n']:,} answers, {times}, faults {row['fault_rate']:.1%}{f' ({faults})' if faults else ''}"


def _render_earnings(earned: dict[str, Any] | None, days: float) -> list[str]:
    if not earned or not earned["seen"] + earned["open"]:
        return ["  nothing was seen by a client yet"]
    open_note = f"{earned['open']:,} left out, whose {days:g} days are not over" if earned["open"] else ""
    if not earned["seen"]:
        return [f"  nothing to judge yet: {open_note}"]
    parts = [
        f"{earned['seen']:,} seen by {earned['clients']:,} clients; "
        f"{earned['order_rate']:.1%} ordered within {days:g} days"
    ]
    if earned["orders"]:
        parts += [f"{earned['orders']:,} orders of {earned['average_order_cents'] / 100:.2f} on average"]
    parts += [f"kept {earned['keep_rate']:.1%} of {earned['pieces']:,} pieces"] if earned["pieces"] else []
    return ["  " + "; ".join([*parts, open_note] if open_note else parts)]


def _render_takeup(takeup: dict[str, float] | None) -> list[str]:
    return (
        [f"  something of it was taken up: {takeup['any']:.1%}; what stood first: {takeup['first']:.1%}"]
        if takeup
        else []
    )


def _render_lifts(lifts: dict[str, Any]) -> list[str]:
    from domain.comparison.outcomes import MIN_CLIENTS, MIN_UNITS  # noqa: PLC0415

    lines = [f"  over {lifts['champion']}, in the split {lifts['experiment']}:"]
    for figure, unit in (("order_rate", "clients"), ("average_order_cents", "orders"), ("keep_rate", "pieces")):
        lift = lifts[figure]
        counts = f"{lift['n']:,} {unit} against {lift['control_n']:,}"
        if not lift["enough"]:
            lines.append(
                f"    {figure}: too few to tell: {counts}; {MIN_UNITS} each, of {MIN_CLIENTS} clients, would do"
            )
            continue
        value, low, high = lift["relative"]
        lines.append(f"    {figure}: {value:+.1%} [{low:+.1%}, {high:+.1%}], p {lift['p_value']:.3f}; {counts}")
    return lines


def _render_agreement(agreement: dict[str, Any]) -> list[str]:
    lists = ("first", "overlap", "rank_biased", "difference")
    means = "; ".join(
        f"{name.replace('_', '-')} {agreement[name]:.3f}" for name in lists if agreement[name] is not None
    )
    lines = [f"  the same answer to {agreement['same']:.1%} of {agreement['n']:,} questions; {means}"]
    for change in agreement["changed"]:
        ids = f"{_render_ids(change['was'])} -> {_render_ids(change['would_be'])}"
        lines.append(f"    {change['decision'][:12]} {change['client_id']}: {ids}")
    return lines


def _render_off_policy(report: dict[str, Any] | str) -> list[str]:
    if isinstance(report, str):
        return [f"  {report}"]
    lines = [f"  {report['said']}: {report['logged']:.2%}; with the shadow's it would have been"]
    for name in ("ips", "snips", "doubly_robust"):
        lines.append(f"    {name}: {report[name]['value']:.2%} [{report[name]['low']:.2%}, {report[name]['high']:.2%}]")
    return [*lines, f"    do not trust it: {report['trust']}"] if report["trust"] else lines


def _render_ids(answer: Any) -> str:
    return " ".join(answer[:4]) if isinstance(answer, list | tuple) else str(answer)
