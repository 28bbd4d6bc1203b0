"""`selvedge agents evaluate`: measure a writing model on the golden set."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine
from settings import load

if TYPE_CHECKING:
    from models.writer_scores import WriterComparison, WriterScore

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("evaluate")
@click.option("--model", default="", help="The model; SELVEDGE_LLM_MODEL when not given.")
@click.option("--prompts", type=FOLDER, help="A folder with writer.md; our own prompts when not given.")
@click.option("--against-model", default="", help="A second model, on the same briefs.")
@click.option("--against-prompts", type=FOLDER, help="A second folder of prompts, on the same briefs.")
@AS_JSON
def command(model: str, prompts: Path | None, against_model: str, against_prompts: Path | None, as_json: bool) -> None:
    """Have the configured endpoint write the 60 mails of the golden set, and say how many keep each rule.

    Also refusals, cost and time; with --against-model or --against-prompts the difference, paired by brief, with 95 %
    intervals. The briefs are made up: no client's data leaves. Costs some 60 to 180 calls for each writer.
    """
    from services.evaluation.writers import WriterChoice, evaluate_writers  # noqa: PLC0415

    choices = [WriterChoice(model, prompts)]
    if against_model or against_prompts:
        choices.append(WriterChoice(against_model or model, against_prompts or prompts))
    with ProgressLine() as progress:
        progress.step("golden set", "mails")
        found = asyncio.run(evaluate_writers(load(), choices, progress.more))
    click.echo(found.model_dump_json() if as_json else _render(found))


def _render(found: WriterComparison) -> str:
    lines = _render_score(found.first)
    if found.second is not None:
        lines += _render_score(found.second)
        lines.append("difference, second less first")
        for rule in found.differences:
            sure = "" if rule.low <= 0 <= rule.high else "  beyond noise"
            lines.append(f"  {rule.rule:<10} {rule.share:+7.1%}  ({rule.low:+.1%} to {rule.high:+.1%}){sure}")
    return "\n".join(lines)


def _render_score(score: WriterScore) -> list[str]:
    lines = [f"{score.model}, {score.prompts}: {score.briefs} mails"]
    lines += [f"  {rule.rule:<10} {rule.share:7.1%}  ({rule.low:.1%} to {rule.high:.1%})" for rule in score.rules]
    lines += [f"  without a draft: {code} {count}" for code, count in sorted(score.failures.items())]
    lines.append(
        f"  a mail takes {score.calls_a_brief:.2f} calls, {score.tokens_a_brief:,.0f} tokens, "
        f"{score.cost_a_brief:.5f} in money, {score.median_seconds:.2f} s (median)"
    )
    return lines
