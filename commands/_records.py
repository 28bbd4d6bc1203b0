"""`selvedge algorithms compare|evaluate|purge`: what is on record of who answered what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click
import orjson

from commands import _shared
from commands._progress import Progress
from commands.assess import moment
from errors import BadInput
from settings import load


@click.command()
@click.option("--slot", default="ranking", show_default=True, help="The slot whose answers are compared.")
@click.option("--since", default="30d", show_default=True, help="How far back: 36h, 7d, 2w; or a day: 2026-09-01.")
@click.option(
    "--within", show_default="7d, of session 4h", help="What a client does so long after seeing an answer counts."
)
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Places of a list that count.")
@_shared.AS_JSON
def compare(slot: str, since: str, within: str | None, k: int, as_json: bool) -> None:
    """Champion against shadows, and variants of a split against each other.

    Shadows: how often they agree, how fast they are, how often they fail, what would have changed, and, where the
    champion draws by chance and says how, what they would have earned. Variants: who ordered, for how much, and what
    was kept, with 95 % intervals over clients. Answers for which --within is not over yet are left out of these, and
    counted. All times are business time.
    """
    from algorithms.slots.slot_table import slot_named  # noqa: PLC0415
    from services.evaluation.comparison import compare as compared  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    after = _shared.span(within or ("4h" if slot == "session" else "7d"), "within")
    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with read_transaction(engine) as connection:
        found = compared(connection, slot_named(slot).name, begin(since, now), now, after, k)
    click.echo(orjson.dumps(found) if as_json else "\n".join(_told(found)))  # a bound without limit becomes null


@click.command()
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
@_shared.AS_JSON
def evaluate(
    names: tuple[str, ...], slot: str, since: str, until: str | None, k: int, most: int, seed: int, as_json: bool
) -> None:
    """Ask algorithms what they would have said, and see whether clients bought it.

    Clients who bought since then are asked about as of then, through the guard, as in service: the installed algorithms
    that are NAMEd, the champion, the house, and popularity beside them. With --since and --until as days the same
    question can be asked again later, whatever the business clock says by then.

    With --slot session: how often what each puts first would have been taken up, told from the pages that were drawn by
    chance and shown since then, with what chance. --k, --clients and --seed have no part in it.
    """
    settings = load()
    engine = _shared.database(settings)
    now = _shared.business_now(engine)
    end = moment(until, "until") if until else now
    if end > now:
        raise BadInput(f"lies ahead; business time is {now:%Y-%m-%dT%H:%M%z}", "until")
    cut, told = begin(since, end), _pages if slot == "session" else _quality
    with Progress() as progress:
        if slot == "session":
            from services.evaluation.pages import evaluate as of_pages  # noqa: PLC0415

            shown = partial(progress.step, unit="pages")
            found = of_pages(engine, settings, names, cut, end, progress=shown, more=progress.more)
        else:
            from services.evaluation.rankings import evaluate as of_clients  # noqa: PLC0415

            shown = partial(progress.step, unit="clients")
            found = of_clients(
                engine, settings, names, cut, end, k=k, most=most, seed=seed, progress=shown, more=progress.more
            )
    click.echo(orjson.dumps(found) if as_json else "\n".join(told(found)))


@click.command()
def purge() -> None:
    """Drop questions and answers of shadows that are past SELVEDGE_DECISION_DAYS. A worker does so every hour."""
    from services.decisions.shadow_records import purge as purged  # noqa: PLC0415

    settings = load()
    gone = purged(_shared.database(settings), timedelta(days=settings.decision_days), datetime.now(UTC))
    click.echo(f"{gone:,} dropped")


def begin(text: str, end: datetime) -> datetime:
    """A stretch of time before `end`, a day from its beginning in UTC, or a moment. Raises BadInput."""
    begin = moment(text, "since", begins=True) if "-" in text else end - _shared.span(text, "since")
    if begin >= end:
        raise BadInput(f"must lie before {end:%Y-%m-%dT%H:%M%z}", "since")
    return begin


def _pages(found: dict[str, Any]) -> list[str]:
    span = f"from {found['cut'][:16]} to {found['until'][:16]}"
    lines = [
        f"{found['pages']:,} pages drawn by chance {span}; what stood first was taken up {found['shown']:.2%}",
        f"{'it would have been, with 95 % intervals':<40}{'IPS':>26}{'SNIPS':>26}",
    ]
    for name, its in found["found"].items():
        cells = (its[each] for each in ("ips", "snips"))
        told = "".join(f"{cell['value']:>8.2%} [{cell['low']:.2%}, {cell['high']:.2%}]".rjust(26) for cell in cells)
        few = "" if its["ips"]["enough"] else f"  do not trust it: worth {its['ips']['effective_n']:.0f} pages"
        faults = ", ".join(f"{code} {count}" for code, count in its.get("faults", {}).items())
        lines.append(f"{name:<40}{told}{few}{f'  faults: {faults}' if faults else ''}")
    return lines


def _quality(found: dict[str, Any]) -> list[str]:
    k = found["k"]
    heads = "".join(f"{head:>26}" for head in (f"hit rate@{k}", f"recall@{k}", f"NDCG@{k}", "NDCG over the house"))
    lines = [
        f"{found['clients']:,} clients who bought from {found['cut'][:16]} to {found['until'][:16]}; 95 % intervals",
        f"{'':<24}{heads}",
    ]
    for name, its in found["found"].items():
        cells = (its[measure] for measure in ("hit_rate", "recall", "ndcg", "ndcg_over_house"))
        told = "".join(f"{cell['value']:>9.4f} [{cell['low']:.4f}, {cell['high']:.4f}]".rjust(26) for cell in cells)
        faults = ", ".join(f"{code} {count}" for code, count in its["faults"].items())
        lines.append(f"{name:<24}{told}{f'  faults: {faults}' if faults else ''}")
    return lines


def _told(found: dict[str, Any]) -> list[str]:
    span = f"from {found['since'][:16]} to {found['until'][:16]}, business time"
    lines = [f"{found['answers']:,} answers of {found['slot']} {span}"]
    for name, its in found["variants"].items():
        lines += [
            "",
            f"{name}: {_took(its)}" if "n" in its else name,
            *_earned(its.get("earned"), found["within_days"]),
            *(_touched(its.get("touched")) if found["slot"] == "session" else ()),
        ]
        lines += [*_over(its["over"])] if "over" in its else []
    for name, its in found["shadows"].items():
        lines += ["", f"shadow {name}: {_took(its)}", *_agreement(its["agreement"]), *_foretold(its["foretold"])]
    if not found["shadows"]:
        lines += ["", "no shadow was asked; selvedge algorithms shadow NAME"]
    return lines


def _took(its: dict[str, Any]) -> str:
    times = f"{its['p50_ms']} ms, 95 % within {its['p95_ms']} ms" if its["p50_ms"] is not None else "no times"
    faults = ", ".join(f"{code} {count}" for code, count in its["faults"].items())
    return f"{its['n']:,} answers, {times}, faults {its['fault_rate']:.1%}{f' ({faults})' if faults else ''}"


def _earned(its: dict[str, Any] | None, days: float) -> list[str]:
    if not its or not its["seen"] + its["open"]:
        return ["  nothing was seen by a client yet"]
    still = f"{its['open']:,} left out, whose {days:g} days are not over" if its["open"] else ""
    if not its["seen"]:
        return [f"  nothing to judge yet: {still}"]
    said = [f"{its['seen']:,} seen by {its['clients']:,} clients; {its['order_rate']:.1%} ordered within {days:g} days"]
    if its["orders"]:
        said += [f"{its['orders']:,} orders of {its['average_order_cents'] / 100:.2f} on average"]
    said += [f"kept {its['keep_rate']:.1%} of {its['pieces']:,} pieces"] if its["pieces"] else []
    return ["  " + "; ".join([*said, still] if still else said)]


def _touched(its: dict[str, float] | None) -> list[str]:
    return [f"  something of it was taken up: {its['any']:.1%}; what stood first: {its['first']:.1%}"] if its else []


def _over(its: dict[str, Any]) -> list[str]:
    from domain.comparison.outcomes import FEWEST, FEWEST_CLIENTS  # noqa: PLC0415

    lines = [f"  over {its['champion']}, in the split {its['experiment']}:"]
    for figure, unit in (("order_rate", "clients"), ("average_order_cents", "orders"), ("keep_rate", "pieces")):
        lift = its[figure]
        counts = f"{lift['n']:,} {unit} against {lift['control_n']:,}"
        if not lift["enough"]:
            lines.append(
                f"    {figure}: too few to tell: {counts}; {FEWEST} each, of {FEWEST_CLIENTS} clients, would do"
            )
            continue
        value, low, high = lift["relative"]
        lines.append(f"    {figure}: {value:+.1%} [{low:+.1%}, {high:+.1%}], p {lift['p_value']:.3f}; {counts}")
    return lines


def _agreement(its: dict[str, Any]) -> list[str]:
    lists = ("first", "overlap", "rank_biased", "difference")
    means = "; ".join(f"{name.replace('_', '-')} {its[name]:.3f}" for name in lists if its[name] is not None)
    lines = [f"  the same answer to {its['same']:.1%} of {its['n']:,} questions; {means}"]
    for each in its["changed"]:
        lines.append(
            f"    {each['decision'][:12]} {each['client_id']}: {_ids(each['was'])} -> {_ids(each['would_be'])}"
        )
    return lines


def _foretold(its: dict[str, Any] | str) -> list[str]:
    if isinstance(its, str):
        return [f"  {its}"]
    lines = [f"  {its['said']}: {its['logged']:.2%}; with the shadow's it would have been"]
    for name in ("ips", "snips", "doubly_robust"):
        lines.append(f"    {name}: {its[name]['value']:.2%} [{its[name]['low']:.2%}, {its[name]['high']:.2%}]")
    return [*lines, f"    do not trust it: {its['trust']}"] if its["trust"] else lines


def _ids(answer: Any) -> str:
    return " ".join(answer[:4]) if isinstance(answer, list | tuple) else str(answer)
