"""Helpers of the converters: files in our formats, a shift of all times, addresses that receive no mail."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson

from errors import BadInput

Row = Mapping[str, Any]


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write a table and return the number of rows. Lists are joined by `|`, sets sorted first; None is left empty."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_format_cell(row.get(name)) for name in columns])
            count += 1
    return count


def _format_cell(value: Any) -> Any:
    if isinstance(value, list | set):
        return "|".join(sorted(value) if isinstance(value, set) else value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value


def write_json_lines(path: Path, rows: Iterable[Row]) -> int:
    """Write JSON Lines and return the number of rows."""
    count = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(dict(row)) + b"\n")
            count += 1
    return count


def build_address(prefix: str, client_id: str) -> str:
    """Build an address of a domain that is reserved for examples, since the sets hold none."""
    return f"{prefix}-{client_id}@example.com".lower()


def compute_shift(newest: datetime, ending: datetime | None) -> timedelta:
    """Compute the shift in whole days after which the newest moment falls on the day `ending`."""
    if ending is None:
        return timedelta(0)
    return timedelta(days=(ending.replace(tzinfo=UTC).date() - newest.date()).days)


def read_parquet_rows(path: Path, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Read the rows of a Parquet file. Raises BadInput when it lacks one of these columns or is no Parquet file."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import)
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path, columns=list(columns))
    except (OSError, pa.ArrowException) as wrong:
        raise BadInput(f"cannot be read: {str(wrong).splitlines()[0]}", str(path)) from None
    if missing := [name for name in columns if name not in table.column_names]:
        raise BadInput(f"has no column {', '.join(missing)}", str(path))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def read_csv_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read the rows of a CSV file. Raises BadInput when it lacks one of these columns or cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
                raise BadInput(f"has no column {', '.join(missing)}", str(path))
            return list(reader)
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadInput(f"cannot be read: {wrong}", str(path)) from None


def build_command(convert: Callable[..., dict[str, int]], *options: Callable[[Any], Any]) -> click.Command:
    """Build the command line of `convert(source, out, **options)`, which returns how much it wrote and left out."""

    @functools.wraps(convert)
    def run(source: Path, out: Path, **values: Any) -> None:
        out.mkdir(parents=True, exist_ok=True)
        try:
            counts = convert(source, out, **values)
        except BadInput as wrong:
            raise click.ClickException(str(wrong)) from None
        for what, count in counts.items():
            click.echo(f"{count:>9,} {what}")

    command_function: Any = run
    for option in options:
        command_function = option(command_function)
    command_function = click.argument("out", type=click.Path(path_type=Path, file_okay=False))(command_function)
    command_function = click.argument("source", type=click.Path(path_type=Path, dir_okay=False))(command_function)
    result: click.Command = click.command(help=convert.__doc__)(command_function)
    return result


ENDING = click.option(
    "--ending", type=click.DateTime(["%Y-%m-%d"]), help="Move all times by whole days so that the newest falls here."
)
CONSENT = click.option("--consent", is_flag=True, help="State that all consented; only for mail that reaches nobody.")
PRICE = click.option("--price", required=True, help="One price for every item, since the set has none.")
