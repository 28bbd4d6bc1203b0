"""A file of assessed clients: CSV, JSON Lines or Parquet, by its ending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from algorithms.engagement import Assessed
from domain.engagement import BANDS
from ingest import results

BATCH: Final = 100_000
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

Progress = Callable[[int], None]


def check(out: Path) -> None:
    """Raises BadInput naming `out` for an ending that is not known or a folder that is not there."""
    results.check(out, endings=tuple(_WRITERS))


def write(out: Path, ids: Sequence[str], assessed: Assessed, progress: Progress = lambda _: None) -> None:
    """Write all rows, or nothing. Raises BadInput."""
    check(out)
    with results.whole(out) as unfinished:
        _WRITERS[out.suffix.lower()](unfinished, _batches(ids, assessed, progress))


def _batches(ids: Sequence[str], assessed: Assessed, progress: Progress) -> Iterator[pa.RecordBatch]:
    names = np.array([band.value for band in BANDS])
    for start in range(0, len(ids), BATCH):
        rows = slice(start, start + BATCH)
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


def _readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same with moments in ISO 8601."""
    place = SCHEMA.get_field_index("next_crossing_at")
    moments = batch.column(place)
    seconds = moments.cast(pa.int64()).fill_null(0).to_numpy().astype("datetime64[s]")
    never = moments.is_null().to_numpy(zero_copy_only=False)
    text = pa.array(np.datetime_as_string(seconds, timezone="UTC").tolist(), pa.string(), mask=never)
    return batch.set_column(place, "next_crossing_at", text)


def _csv(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    schema = SCHEMA.set(SCHEMA.get_field_index("next_crossing_at"), pa.field("next_crossing_at", pa.string()))
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")  # ids need no quotes
    with path.open("wb") as file:
        file.write((",".join(SCHEMA.names) + "\n").encode())
        with pa.csv.CSVWriter(file, schema, write_options=options) as writer:
            for batch in batches:
                writer.write_batch(_readable(batch))


def _json_lines(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    with path.open("wb") as file:
        for batch in batches:
            rows: list[dict[str, Any]] = _readable(batch).to_pylist()
            file.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


def _parquet(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    with pa.parquet.ParquetWriter(path, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(batch)


_WRITERS: Final = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines, ".parquet": _parquet}
