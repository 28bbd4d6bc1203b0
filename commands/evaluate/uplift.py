"""`selvedge evaluate uplift`: learn and validate whom a treatment moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from errors import BadInput

if TYPE_CHECKING:
    from ingest.experiment_files import ExperimentData


ACTIONS = ("email", "stylist_call", "offer")


@click.command("uplift")
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="One row a client, CSV or Parquet.")  # fmt: skip
@click.option("--treatment", default="segment", show_default=True, help="The column that says who was treated how.")
@click.option("--outcome", default="visit", show_default=True, help="The column of the outcome, a number.")
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
@AS_JSON
def command(
    path: Path, treatment: str, outcome: str, control: str | None, treated: str | None, rule: str | None,
    leave_out: tuple[str, ...], slot: bool, action: str, least: float, out: Path | None, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Learn whom a treatment moves on half of the clients, choose a policy there, and judge it on the other half: Qini
    and AUUC with intervals, beside the plain rule and a random ranking.

    The defaults are those of Hillstrom's e-mail experiment. Columns measured after the treatment must be left out.
    """
    from algorithms.uplift.serving import SLOT_COLUMNS  # noqa: PLC0415
    from ingest.experiment_files import read_experiment  # noqa: PLC0415
    from services.evaluation.uplift import judge_treatment  # noqa: PLC0415

    with ProgressLine() as progress:
        progress.step(f"reading {path.name}")
        experiment = read_experiment(path, treatment, outcome, control, leave_out, SLOT_COLUMNS if slot else None)
        arms = _choose_treatments(experiment, treated, out)
        report: dict[str, Any] = {"outcome": outcome, "control": experiment.control, "treatments": {}}
        for arm in arms:
            progress.step(f"learning and judging {arm}")
            report["treatments"][arm] = judge_treatment(
                experiment.arm, experiment.control, experiment.outcome, experiment.features,
                arm=arm, rule=rule, seed=seed, action=action, least=least, out=out,
            )  # fmt: skip
    click.echo(
        json.dumps(report) if as_json else "\n\n".join(_render_table(*item) for item in report["treatments"].items())
    )


def _choose_treatments(experiment: ExperimentData, treated: str | None, out: Path | None) -> list[str]:
    if treated is not None and treated not in experiment.treatments:
        raise BadInput(f"there is no {treated!r}; there are {', '.join(map(repr, experiment.treatments))}", "treated")
    arms = experiment.treatments if treated is None else [treated]
    if out is not None and len(arms) > 1:
        raise BadInput(f"say which policy to keep: one of {', '.join(map(repr, arms))}", "treated")
    if out is not None and not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent}", "out")
    return arms


def _render_table(arm: str, report: dict[str, Any]) -> str:
    effect = report["effect"]
    value, low, high = effect["difference"]
    lines = [
        f"{arm}: {effect['treated']:.4f} against {effect['control']:.4f}, difference {value:+.4f} "
        f"({low:+.4f} to {high:+.4f}); CUPED removes {effect['variance_removed_by_cuped']:.1%} of the variance",
        f"chosen on {report['clients'] - report['unseen']:,} clients: {report['chosen']} (the rule: {report['rule']}); "
        f"on {report['unseen']:,} unseen:",
        f"{'':<24}{'Qini':>10}{'95 %':>22}{'AUUC':>10}{'over the rule, 95 %':>24}",
    ]
    for name, figures in report["policies"].items():
        qini, beyond = figures["qini_interval"], figures["qini_over_rule_interval"]
        lines.append(
            f"{name:<24}{figures['qini']:>10.4f}{f'{qini[0]:.4f} to {qini[1]:.4f}':>22}{figures['auuc']:>10.4f}"
            f"{f'{beyond[0]:+.4f} to {beyond[1]:+.4f}':>24}"
        )
    tenths = " ".join("-" if figures["uplift"] is None else f"{figures['uplift']:.3f}" for figures in report["deciles"])
    return "\n".join([*lines, f"uplift by tenths, the most promising first: {tenths}"])
