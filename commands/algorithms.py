"""`selvedge algorithms list|check|schema`; the verbs that change who answers stand in `_policies.py`, those that read
what is on record in `_records.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from commands import _outcomes, _policies, _records, _shared
from errors import BadInput, ConfigError
from settings import load

if TYPE_CHECKING:
    from algorithms.slots.conformance import Report
    from algorithms.slots.guard import Algorithm
    from algorithms.slots.registry import Known


@click.group()
def command() -> None:
    """See which algorithms there are, try one, let it answer a slot, or read what a slot asks."""


for verb in (_policies.promote, _policies.demote, _policies.shadow, _policies.split, _policies.history):
    command.add_command(verb)
for verb in (_records.compare, _records.evaluate, _outcomes.outcomes, _records.purge):
    command.add_command(verb)


@command.command("list")
@_shared.AS_JSON
def list_(as_json: bool) -> int:
    """Every slot and who answers it; every algorithm that could, and what it does now.

    With a mistake in algorithms.toml: the mistake, and the slots as they were last on record. Status 1.
    """
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from algorithms.slots.slot_table import SLOTS  # noqa: PLC0415
    from models.policies import Policy  # noqa: PLC0415

    registry = Registry.from_settings(load(), serving=False, lenient=True)
    policies = {slot: registry.policies().get(slot, Policy()) for slot in SLOTS}
    known = registry.known()
    if as_json:
        told = {slot: policy.model_dump(mode="json") for slot, policy in policies.items()}
        algorithms = [vars(each) for each in known]
        click.echo(json.dumps({"problem": registry.problem, "slots": told, "algorithms": algorithms}))
        return 1 if registry.problem else 0
    if registry.problem:
        click.echo(
            f"{registry.problem}\nA worker that starts now lets the house answer every slot; one that runs goes on"
        )
        click.echo("with what was in force. The slots as they were last on record:\n")
    for slot, policy in policies.items():
        more = [f"{part:.0%} {name}" for name, part in policy.split.items()]
        more += [f"then {name}" for name in policy.fallbacks] + [f"shadow {name}" for name in policy.shadows]
        click.echo(f"{slot:<12}  {', '.join([policy.champion, *more])}")
    click.echo()
    click.echo("\n".join(_table(known)))
    return 1 if registry.problem else 0


def _table(known: Sequence[Known]) -> list[str]:
    if not known:
        return ["no algorithm is installed; docs/recipes/add-an-algorithm.md says how to make one"]
    rows = [("algorithm", "version", "slot", "does now", "kind", "from")]
    for each in known:
        slot = each.slot or "not known before it is tried"
        rows.append((each.name, each.version or "not known", slot, each.part or "nothing", each.kind, each.source))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


@command.command()
@click.argument("slot", required=False)
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write all into this folder.")
def schema(slot: str | None, folder: Path | None) -> None:
    """What a slot asks and what it takes for an answer, as JSON Schema."""
    from algorithms.slots.slot_table import SLOTS, slot_named  # noqa: PLC0415

    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for each in SLOTS.values():
            (folder / f"{each.name}.json").write_text(json.dumps(each.schema(), indent=2) + "\n")
        return
    if slot is None:
        raise BadInput(f"give one of {', '.join(SLOTS)}", "slot")
    click.echo(json.dumps(slot_named(slot).schema(), indent=2))


@command.command()
@click.argument("name_or_url")
@click.option("--slot", help="The slot to try it in; needed for a URL.")
@click.option(
    "--deadline", "deadline_ms", type=click.IntRange(10, 60_000), help="Milliseconds; the slot's own if left."
)
@click.option(
    "--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For a URL: whsec_..."
)
@click.option("--private", is_flag=True, help="For a URL: it may lie on a private address and need not speak TLS.")
@_shared.AS_JSON
def check(
    name_or_url: str, slot: str | None, deadline_ms: int | None, secret_file: Path | None, private: bool, as_json: bool
) -> int:
    """Try an algorithm as it will be used and say what to mend. Status 1 when something is to be mended.

    NAME_OR_URL: an installed package's entry point, a remote of algorithms.toml, or a URL.
    """
    from algorithms.slots.conformance import conform  # noqa: PLC0415
    from algorithms.slots.examining import opened  # noqa: PLC0415
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from algorithms.slots.slot_table import slot_named  # noqa: PLC0415

    if "://" in name_or_url:
        algorithm, its_slot = _at_url(name_or_url, secret_file, private), ""
    else:
        algorithm, its_slot = opened(Registry.from_settings(load(), serving=False), name_or_url)
    try:
        wanted = slot or its_slot
        if not wanted:
            raise BadInput("say for which slot it is", "--slot")
        seconds = None if deadline_ms is None else deadline_ms / 1000
        report = conform(slot_named(wanted), name_or_url, algorithm, seconds)
    finally:
        algorithm.close()
    click.echo(report.model_dump_json() if as_json else _told(report))
    return 0 if report.passed else 1


def _at_url(url: str, secret_file: Path | None, private: bool) -> Algorithm:
    from algorithms.slots.reach import Reach  # noqa: PLC0415
    from algorithms.slots.remote import Endpoint, Remote  # noqa: PLC0415
    from algorithms.slots.signing import key_of  # noqa: PLC0415

    if secret_file is None:
        raise BadInput("name the file that holds the secret which both sides know", "--secret-file")
    # Whoever types the address vouches for the host.
    reach = Reach.of([urlsplit(url).netloc], ["0.0.0.0/0", "::/0"] if private else [])
    try:
        return Remote(Endpoint(url, url, key_of(secret_file.read_text().strip()), reach))
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None


def _told(report: Report) -> str:
    who = f"{report.algorithm} {report.version}".rstrip()
    lines, said = [f"{who} in the slot {report.slot}"], {""}
    for each in report.checks:
        lines.append(f"  {'ok  ' if each.passed else 'MEND'}  {each.name:<18} {each.words}")
        lines += [f"        {'':<18} {each.mend}"] if each.mend not in said else []
        said.add(each.mend)
    lines.append("it may serve" if report.passed else "it may not serve yet")
    return "\n".join(lines)
