"""`selvedge algorithms promote|demote|shadow|split|history`: who answers a slot."""

from __future__ import annotations

import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands import _shared
from settings import load

if TYPE_CHECKING:
    from algorithms.slots.policy_changes import Edit
    from algorithms.slots.registry import Registry

BY = click.option("--by", default="", help="Who changes it; the account that runs the command when left.")


@click.command()
@click.argument("name")
@click.option("--unchecked", is_flag=True, help="Without the conformance suite.")
@BY
def promote(name: str, unchecked: bool, by: str) -> int:
    """Make NAME the champion of its slot, once it passed the conformance suite. In force within seconds."""
    from algorithms.slots.examining import examined, slot_of  # noqa: PLC0415
    from algorithms.slots.policy_changes import promoted  # noqa: PLC0415

    registry = _registry()
    if unchecked:
        slot = slot_of(registry, name)
    else:
        report = examined(registry, name)
        slot = report.slot
        if not report.passed:
            click.echo(f"nothing was changed; selvedge algorithms check {name} says what to mend", err=True)
            return 1
    _changed(registry, promoted(slot, name), by, f"promote {name} in {slot}")
    return 0


@click.command()
@click.argument("slot")
@BY
def demote(slot: str, by: str) -> None:
    """Give a slot back to the champion before, else to the house."""
    from algorithms.slots.policy_changes import demoted  # noqa: PLC0415
    from algorithms.slots.slot_table import slot_named  # noqa: PLC0415

    registry = _registry()
    before, edit = demoted(registry.file, slot_named(slot).name, datetime.now(UTC))
    _changed(registry, edit, by, f"demote in {slot}: back to {before}")


@click.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="No longer.")
@BY
def shadow(name: str, off: bool, by: str) -> None:
    """Ask NAME too, compare it, and never show what it says."""
    from algorithms.slots.examining import slot_of  # noqa: PLC0415
    from algorithms.slots.policy_changes import shadowed  # noqa: PLC0415

    registry = _registry()
    slot = slot_of(registry, name)
    _changed(registry, shadowed(slot, name, off), by, f"shadow {name} in {slot}{' no longer' if off else ''}")


@click.command()
@click.argument("name")
@click.option("--share", required=True, type=click.FloatRange(0, 1, max_open=True), help="0.1: a tenth; 0 ends it.")
@BY
def split(name: str, share: float, by: str) -> None:
    """Let NAME answer for a share of the clients, always the same ones."""
    from algorithms.slots.examining import slot_of  # noqa: PLC0415
    from algorithms.slots.policy_changes import split as parted  # noqa: PLC0415

    registry = _registry()
    slot = slot_of(registry, name)
    _changed(registry, parted(slot, name, share), by, f"split {slot}: {share:.1%} to {name}")


@click.command()
@_shared.AS_JSON
def history(as_json: bool) -> None:
    """Who changed what, and when, in real time (UTC), not the shop's business time; the latest last."""
    from algorithms.slots import policy_changes  # noqa: PLC0415

    changes = policy_changes.history(_file(), datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in changes]))
        return
    if changes:
        click.echo("real time (UTC)      who               what")
    for each in changes:
        click.echo(f"{each.at:%Y-%m-%d %H:%M:%S}  {each.who:<16}  {each.what}")
    if not changes:
        click.echo("nothing was ever changed; the house answers every slot")


def _file() -> Path:
    from algorithms.slots.policy_file import NAME  # noqa: PLC0415

    return Path(load().home).absolute() / NAME


def _registry() -> Registry:
    from algorithms.slots.registry import Registry  # noqa: PLC0415

    return Registry.from_settings(load(), serving=False)


def _changed(registry: Registry, edit: Edit, by: str, what: str) -> None:
    from algorithms.slots.policy_changes import change  # noqa: PLC0415

    if change(registry.file, edit, by or _account(), what, datetime.now(UTC), registry.check):
        click.echo(what)
    else:
        click.echo(f"nothing was changed: {what} stands already")


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
