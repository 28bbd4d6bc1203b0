"""`selvedge evaluate uplift`: whom a treatment moves, learnt and validated on an experiment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands import _shared
from commands._progress import Progress
from errors import BadInput

if TYPE_CHECKING:
    from ingest.experiment_files import Experiment

ACTIONS = ("email", "stylist_call", "offer")


@click.command()
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="One row a client, CSV or Parquet.")  # fmt: skip
@click.option("--treatment", default="segment", show_default=True, help="The column that says who was treated how.")
@click.option("--outcome", default="visit", show_default=True, help="The column of what came of it, a number.")
@click.option("--control", help="How the treatment column calls those left alone; found if it says so plainly.")
@click.option("--treated", help="One treatment of several; all in turn if left out.")
@click.option(
    "--rule", help="A column: those with more of it first is the rule to be beaten (the best one if left out)."
)
@click.option("--leave-out", multiple=True, help="A column that was not known before the treatment, or says too much.")
@click.option("--slot", is_flag=True, help="Learn from what the slot next_action knows alone, so that it can serve.")
@click.option("--action", default="email", show_default=True, type=click.Choice(ACTIONS), help="What the treatment is.")
@click.option(
    "--least", default=0.0, show_default=True, type=float, help="Uplift that the action must add to be taken."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Keep the chosen policy, of all clients.")
@click.option("--seed", default=42, show_default=True, help="Of the halves, the folds and the draws.")
@_shared.AS_JSON
def evaluate(
    path: Path, treatment: str, outcome: str, control: str | None, treated: str | None, rule: str | None,
    leave_out: tuple[str, ...], slot: bool, action: str, least: float, out: Path | None, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Learn whom a treatment moves on half of the clients, choose a policy there, and judge it on the other half: Qini
    and AUUC with intervals, beside the plain rule and a random ranking.

    The defaults are those of Hillstrom's e-mail experiment. Columns measured after the treatment must be left out.
    """
    from algorithms.uplift.serving import SLOT_COLUMNS  # noqa: PLC0415
    from ingest.experiment_files import read_experiment  # noqa: PLC0415

    with Progress() as progress:
        progress.step(f"reading {path.name}")
        read = read_experiment(path, treatment, outcome, control, leave_out, SLOT_COLUMNS if slot else None)
        arms = _arms(read, treated, out)
        found: dict[str, Any] = {"outcome": outcome, "control": read.control, "treatments": {}}
        for arm in arms:
            progress.step(f"learning and judging {arm}")
            found["treatments"][arm] = _judged(read, arm, rule, seed, (out, action, least))
    click.echo(json.dumps(found) if as_json else "\n\n".join(_table(*item) for item in found["treatments"].items()))


def _arms(read: Experiment, treated: str | None, out: Path | None) -> list[str]:
    if treated is not None and treated not in read.treatments:
        raise BadInput(f"there is no {treated!r}; there are {', '.join(map(repr, read.treatments))}", "treated")
    arms = read.treatments if treated is None else [treated]
    if out is not None and len(arms) > 1:
        raise BadInput(f"say which policy to keep: one of {', '.join(map(repr, arms))}", "treated")
    if out is not None and not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent}", "out")
    return arms


def _judged(read: Experiment, arm: str, rule: str | None, seed: int, keep: tuple[Path | None, str, float]) -> Any:
    import numpy as np  # noqa: PLC0415

    from algorithms.uplift import choosing, columns, curves, evaluation, serving  # noqa: PLC0415

    mine = [place for place, each in enumerate(read.arm) if each in (arm, read.control)]
    known = {name: [values[place] for place in mine] for name, values in read.known.items()}
    trial = curves.Trial(np.array([read.arm[place] == arm for place in mine]), read.outcome[mine])
    features = columns.features_of(known)
    if not features:
        raise BadInput("no column differs between clients", "file")
    rows = columns.matrix(features, known)
    found, choice = evaluation.evaluate(features, rows, trial, _rule(features, rule), seed)
    out, action, least = keep
    if out is not None:
        policy = choosing.fitted(choice.name, choice.rule, rows, trial)
        about = {"policy": choice.name, "treatment": arm, "clients": len(mine), "seed": seed,
                 "unseen_half": found["policies"][choice.name]}  # fmt: skip
        serving.Learnt(policy, features, action, least, about).save(out)  # type: ignore[arg-type]
        found["kept"] = str(out)
    return found


def _rule(features: Any, column: str | None) -> Any:
    from algorithms.uplift.choosing import Rule  # noqa: PLC0415

    if column is None:
        return None
    places = [place for place, each in enumerate(features) if column in (each.column, each.name)]
    if not places:
        raise BadInput(f"there is no {column!r}; there are {', '.join(feature.name for feature in features)}", "rule")
    return Rule(places[0], 1.0)


def _table(arm: str, found: dict[str, Any]) -> str:
    effect = found["effect"]
    value, low, high = effect["difference"]
    lines = [
        f"{arm}: {effect['treated']:.4f} against {effect['control']:.4f}, difference {value:+.4f} "
        f"({low:+.4f} to {high:+.4f}); CUPED removes {effect['variance_removed_by_cuped']:.1%} of the variance",
        f"chosen on {found['clients'] - found['unseen']:,} clients: {found['chosen']} (the rule: {found['rule']}); "
        f"on {found['unseen']:,} unseen:",
        f"{'':<24}{'Qini':>10}{'95 %':>22}{'AUUC':>10}{'over the rule, 95 %':>24}",
    ]
    for name, each in found["policies"].items():
        qini, beyond = each["qini_interval"], each["qini_over_rule_interval"]
        lines.append(
            f"{name:<24}{each['qini']:>10.4f}{f'{qini[0]:.4f} to {qini[1]:.4f}':>22}{each['auuc']:>10.4f}"
            f"{f'{beyond[0]:+.4f} to {beyond[1]:+.4f}':>24}"
        )
    tenths = " ".join("-" if each["uplift"] is None else f"{each['uplift']:.3f}" for each in found["deciles"])
    return "\n".join([*lines, f"uplift by tenths, the most promising first: {tenths}"])
