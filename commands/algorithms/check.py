"""`selvedge algorithms check`: try an algorithm as it will be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from algorithms.slots.signing import parse_key
from commands.shared.options import AS_JSON
from errors import BadInput, ConfigError
from network.allowlist import NetworkAllowlist
from settings import load

if TYPE_CHECKING:
    from algorithms.slots.conformance import ConformanceReport
    from algorithms.slots.guard import SlotAlgorithm


@click.command("check")
@click.argument("name_or_url")
@click.option("--slot", help="The slot to try it in; needed for a URL.")
@click.option(
    "--deadline", "deadline_ms", type=click.IntRange(10, 60_000), help="Milliseconds; the slot's own if left."
)
@click.option(
    "--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For a URL: whsec_..."
)
@click.option("--private", is_flag=True, help="For a URL: it may lie on a private address and need not speak TLS.")
@AS_JSON
def command(
    name_or_url: str, slot: str | None, deadline_ms: int | None, secret_file: Path | None, private: bool, as_json: bool
) -> int:
    """Try an algorithm as it will be used and say what to mend. Status 1 when something is to be mended.

    NAME_OR_URL: an installed package's entry point, a remote of algorithms.toml, or a URL.
    """
    from algorithms.slots.admission import open_algorithm  # noqa: PLC0415
    from algorithms.slots.conformance import run_conformance_suite  # noqa: PLC0415
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from algorithms.slots.slot_table import require_slot  # noqa: PLC0415

    if "://" in name_or_url:
        algorithm, known_slot = _open_remote(name_or_url, secret_file, private), ""
    else:
        algorithm, known_slot = open_algorithm(Registry.from_settings(load(), serving=False), name_or_url)
    try:
        slot_name = slot or known_slot
        if not slot_name:
            raise BadInput("say for which slot it is", "--slot")
        seconds = None if deadline_ms is None else deadline_ms / 1000
        report = run_conformance_suite(require_slot(slot_name), name_or_url, algorithm, seconds)
    finally:
        algorithm.close()
    click.echo(report.model_dump_json() if as_json else _render_report(report))
    return 0 if report.passed else 1


def _open_remote(url: str, secret_file: Path | None, private: bool) -> SlotAlgorithm:
    """Return the algorithm at `url`. Raises BadInput when there is no secret, or the address is not allowed."""
    from algorithms.slots.remote import RemoteAlgorithm, RemoteEndpoint  # noqa: PLC0415

    if secret_file is None:
        raise BadInput("name the file that holds the secret which both sides know", "--secret-file")
    # Whoever types the address vouches for the host.
    reach = NetworkAllowlist.parse([urlsplit(url).netloc], ["0.0.0.0/0", "::/0"] if private else [])
    try:
        return RemoteAlgorithm(RemoteEndpoint(url, url, parse_key(secret_file.read_text().strip()), reach))
    except ConfigError as error:
        raise BadInput(str(error)) from None


def _render_report(report: ConformanceReport) -> str:
    who = f"{report.algorithm} {report.version}".rstrip()
    lines, printed = [f"{who} in the slot {report.slot}"], {""}
    for check in report.checks:
        lines.append(f"  {'ok  ' if check.passed else 'MEND'}  {check.name:<18} {check.words}")
        lines += [f"        {'':<18} {check.mend}"] if check.mend not in printed else []
        printed.add(check.mend)
    lines.append("it may serve" if report.passed else "it may not serve yet")
    return "\n".join(lines)
