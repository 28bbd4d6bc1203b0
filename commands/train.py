"""`selvedge train`."""

from __future__ import annotations

import json
from typing import Any

import click

from commands import _artefacts, _shared
from commands._progress import Progress
from settings import load


@click.group(invoke_without_command=True)
@click.option("--algorithm", default="champion", show_default=True, help="One of those of docs/ranking.md.")
@click.option("--seed", default=42, show_default=True, help="The same seed on the same data gives the same model.")
@_shared.AS_JSON
@click.pass_context
def command(context: click.Context, algorithm: str, seed: int, as_json: bool) -> None:
    """Train from the store, say how well it foretells, and let it serve: a ranking, or what is named below."""
    if context.invoked_subcommand:
        return
    from services.training.ranking import train  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    with Progress() as progress:
        made = train(engine, settings, algorithm, seed, _shared.business_now(engine), progress.step)
    if as_json:
        click.echo(json.dumps(made.model_dump(mode="json")))
        return
    click.echo("\n".join(_report(made.metrics)))
    window = f"{made.window_from:%Y-%m-%d} to {made.window_until:%Y-%m-%d}"
    click.echo(f"{made.id} now serves; seed {made.seed}, learnt from {window}")


command.add_command(_artefacts.list_)
command.add_command(_artefacts.promote)


@command.command()
@click.option("--horizon", default=90, show_default=True, type=click.IntRange(7, 730), help="Days that are foretold.")
@_shared.AS_JSON
def risk(horizon: int, as_json: bool) -> None:
    """Train the risk model: who orders again, and when each client's silence becomes unlike them."""
    from services.training.risk import train_risk  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    with Progress() as progress:
        made = train_risk(engine, settings, horizon, _shared.business_now(engine), progress.step)
    if as_json:
        click.echo(json.dumps(made.model_dump(mode="json")))
        return
    if "auc" in made.metrics:
        click.echo(
            "{clients:,} clients, {share_who_ordered:.1%} of whom ordered in the {horizon_days} days after {cut}: "
            "AUC {auc} (BG/NBD {auc_bgnbd}, recency {auc_recency}), calibration error {calibration_error}".format(
                **made.metrics
            )
        )
    else:
        click.echo(f"too few ordered before or within the last {horizon} days to measure it")
    click.echo(f"{made.id} now serves")


@command.command()
@_shared.AS_JSON
def fit(as_json: bool) -> None:
    """Train the model of fit from what clients said of Fixes: whether an item in a size is small, fits, or is large."""
    from services.training.fit import train_fit  # noqa: PLC0415

    settings = load()
    engine = _shared.database(settings)
    with Progress() as progress:
        made = train_fit(engine, settings, _shared.business_now(engine), progress.step)
    if as_json:
        click.echo(json.dumps(made.model_dump(mode="json")))
        return
    told = "{held_out:,} garments after {cut}: AUC of misfit {auc} (item's share {auc_item_rate}), calibration error "
    enough = "auc" in made.metrics
    click.echo((told + "{calibration_error}").format(**made.metrics) if enough else "too little feedback to measure it")
    click.echo(f"{made.id} now serves; learnt from {made.metrics['feedback']:,} garments")


@command.command()
@click.option("--anew", is_flag=True, help="From all events, not only new ones: after items were given other words.")
@_shared.AS_JSON
def profiles(anew: bool, as_json: bool) -> None:
    """Fold what clients did since the last pass into their profiles. To be run nightly; reading one needs no pass."""
    from store.clients import preferences  # noqa: PLC0415

    engine = _shared.database(load())
    now = _shared.business_now(engine)
    with Progress() as progress:
        progress.step("folding events into profiles", "clients")
        done = (preferences.anew if anew else preferences.fold)(engine, now, progress.more)
    click.echo(
        json.dumps({"clients": done, "until": now.isoformat()}) if as_json else f"{done:,} clients are up to date"
    )


@command.command()
@_shared.AS_JSON
def session(as_json: bool) -> None:
    """Learn the order of pages from what visitors were shown and took up, and tell what is believed by now.

    A worker does so every minute. A page teaches four hours after it was shown, once, whoever learns.
    """
    from services.training.session import believed, learn  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    engine = _shared.database(load())
    done = learn(engine, _shared.business_now(engine))
    with read_transaction(engine) as connection:
        kept, known = believed(connection)
    if as_json:
        told = {"taught": done, "pages": kept.lessons, "version": kept.version, "weights": known.weights()}
        click.echo(json.dumps(told))
        return
    click.echo(f"{done:,} pages taught, {kept.lessons:,} in all; version {kept.version}")
    click.echo("what each adds to the worth of a place on the page, a click being worth .2:")
    for name, (weight, spread) in known.weights().items():
        click.echo(f"  {name:<16}{weight:>+8.4f} give or take {spread:.4f}")


def _report(metrics: dict[str, Any]) -> list[str]:
    """The comparison in lines, best first, for each group of clients."""
    lines = []
    for group, quality in metrics.get("quality", {}).items():
        what = "clients about new items" if group == "new items" else f"{group} clients"
        asked = f"{metrics['asked'][group]} {what} after {metrics['cut'][:10]}"
        lines.append(f"{asked:<44}  recall@10   NDCG@10")
        best_first = sorted(quality.items(), key=lambda pair: -pair[1]["ndcg@10"])
        lines += [f"  {name:<42}  {q['recall@10']:>9.4f}  {q['ndcg@10']:>8.4f}" for name, q in best_first]
        if group in metrics["shares"]:
            lines.append(f"  share of the model in their user match: {metrics['shares'][group]:.0%}")
    return lines or ["too few clients came back lately to measure it; the model is trusted little"]
