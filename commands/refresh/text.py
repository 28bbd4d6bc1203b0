"""A refresh report as text."""

from __future__ import annotations

import click

from models.refreshes import RefreshReport, SlotOutcome


def print_report(report: RefreshReport, as_json: bool) -> None:
    """Print a refresh report, for programs or for people."""
    if as_json:
        click.echo(report.model_dump_json())
        return
    click.echo(f"refresh {report.refresh}: {report.state}; lists for {report.picked:,} clients; {report.seconds:.1f} s")
    for slot in report.slots:
        click.echo(f"  {slot.slot:<10} {_render_slot(slot)}")
    for drift in sorted(report.drift, key=lambda drift: -drift.statistic):
        mark = "ALARM" if drift.alarm else ""
        click.echo(f"  {drift.feature:<22} distance {drift.statistic:.3f}, p {drift.p:.2g}  {mark}".rstrip())


def _render_slot(slot: SlotOutcome) -> str:
    verdict = f"{slot.verdict.replace('_', ' ')}{', it serves now' * slot.promoted}"
    if slot.difference is None or slot.low is None or slot.high is None:
        return verdict
    return (
        f"{verdict}: {slot.measure} {slot.tried:.4f} against {slot.served:.4f} of {slot.clients:,} clients, "
        f"{slot.difference:+.4f} [{slot.low:+.4f}, {slot.high:+.4f}]"
    )
