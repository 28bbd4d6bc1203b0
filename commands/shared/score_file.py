"""A file of client scores: CSV, JSON Lines or Parquet, by its ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
from pyarrow import csv, parquet

from algorithms.engagement import ClientAssessments
from domain.engagement import BANDS
from ingest import results

BATCH_ROWS: Final = 100_000


SCHEMA: Final = pa.schema(
    [
        ("client_id", pa.string()),
        ("engagement", pa.float64()),
        ("band", pa.string()),
        ("p_alive", pa.float64()),
        ("expected_orders", pa.float64()),
        ("next_crossing_at", pa.timestamp("s", tz="UTC")),
    ]
)


Advance = Callable[[int], None]


def check_path(out: Path) -> None:
    """Require a known ending and a folder that is there. Raises BadInput naming `out`."""
    results.check_path(out, endings=tuple(_WRITERS))


def write_scores(
    out: Path, ids: Sequence[str], assessed: ClientAssessments, progress: Advance = lambda _: None
) -> None:
    """Write all rows, or nothing. Raises BadInput."""
    check_path(out)
    with results.open_whole(out) as unfinished:
        _WRITERS[out.suffix.lower()](unfinished, _build_batches(ids, assessed, progress))


def _build_batches(ids: Sequence[str], assessed: ClientAssessments, progress: Advance) -> Iterator[pa.RecordBatch]:
    names = np.array([band.value for band in BANDS])
    for start in range(0, len(ids), BATCH_ROWS):
        rows = slice(start, start + BATCH_ROWS)
        crossing = assessed.next_crossing[rows]
        never = np.isnan(crossing)
        columns = [
            pa.array(ids[rows], pa.string()),
            pa.array(np.round(assessed.engagement[rows], 4)),
            pa.array(names[assessed.band[rows]].tolist(), pa.string()),
            pa.array(np.round(assessed.p_alive[rows], 6)),
            pa.array(np.round(assessed.expected_orders[rows], 6)),
            pa.array(np.where(never, 0, crossing).astype("datetime64[s]"), pa.timestamp("s", tz="UTC"), mask=never),
        ]
        progress(len(ids[rows]))
        yield pa.record_batch(columns, schema=SCHEMA)


def _format_moments(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the same batch with moments in ISO 8601."""
    index = SCHEMA.get_field_index("next_crossing_at")
    moments = batch.column(index)
    seconds = moments.cast(pa.int64()).fill_null(0).to_numpy().astype("datetime64[s]")
    never = moments.is_null().to_numpy(zero_copy_only=False)
    text = pa.array(np.datetime_as_string(seconds, timezone="UTC").tolist(), pa.string(), mask=never)
    return batch.set_column(index, "next_crossing_at", text)


def _write_csv(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    schema = SCHEMA.set(SCHEMA.get_field_index("next_crossing_at"), pa.field("next_crossing_at", pa.string()))
    options = csv.WriteOptions(include_header=False, quoting_style="none")  # ids need no quotes
    with path.open("wb") as file:
        file.write((",".join(SCHEMA.names) + "\n").encode())
        with csv.CSVWriter(file, schema, write_options=options) as writer:
            for batch in batches:
                writer.write_batch(_format_moments(batch))


def _write_json_lines(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    with path.open("wb") as file:
        for batch in batches:
            rows: list[dict[str, Any]] = _format_moments(batch).to_pylist()
            file.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


def _write_parquet(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    with parquet.ParquetWriter(path, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(batch)


_WRITERS: Final = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".parquet": _write_parquet,
}
