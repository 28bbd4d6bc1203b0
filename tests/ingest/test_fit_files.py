"""The files of fit: what they mean, and one line for each thing that can be wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from errors import BadInput
from ingest.fit_files import read_feedback, read_targets, write_chances

FEEDBACK = (
    "client_id,item_id,size,fit,occurred_at,height,story\n"
    "a,i1,S,small,2026-01-02,5' 6\",it was lovely\n"
    "b,i1,,large,2026-01-03T09:00:00Z,,\n\n"
    "a,i2,8.0,fit,2026-01-03,60,too long a story\n"
)


def read(folder: Path, text: str, **how: bool):
    (folder / "feedback.csv").write_text(text)
    return read_feedback(folder / "feedback.csv", **how)


def cells(column) -> list[object]:
    return [None if code < 0 else column.values[code] for code in column.code.tolist()]


def test_csv_is_read_with_any_further_columns(tmp_path: Path) -> None:
    feedback = read(tmp_path, FEEDBACK, dated=True)
    assert cells(feedback.rows.client) == ["a", "b", "a"]
    assert cells(feedback.rows.item) == ["i1", "i1", "i2"]
    assert cells(feedback.rows.size) == ["s", "", "8"]
    assert feedback.fit.tolist() == [0, 2, 1]
    assert feedback.day is not None
    assert np.diff(feedback.day).tolist() == [1, 0]
    assert set(feedback.rows.further) == {"height", "story"}
    assert cells(feedback.rows.further["height"]) == ["5' 6\"", None, "60"]


def test_parquet_means_the_same(tmp_path: Path) -> None:
    columns = {
        "client_id": pa.array(["a", "b", "a"]).dictionary_encode(), "item_id": pa.array([1, 1, 2]),
        "size": [8.0, None, 8.5], "fit": ["small", "large", "fit"], "occurred_at": [date(2026, 1, 2)] * 3,
        "height": [66.0, float("nan"), 60.0],
        "returned_on": [date(2026, 2, 2)] * 3, "tags": [["a"], ["b"], []],
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "f.parquet")
    feedback = read_feedback(tmp_path / "f.parquet")
    assert cells(feedback.rows.item) == ["1", "1", "2"]
    assert cells(feedback.rows.size) == ["8", "", "8.5"]
    assert set(feedback.rows.further) == {"height"}
    assert cells(feedback.rows.further["height"]) == [66.0, None, 60.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("client_id,item_id,fit\na,i,fit\n", "missing in the header: 'size'"),
        (FEEDBACK.replace(",large,", ",big,"), "line 3: fit must be one of small, fit, large"),
        (FEEDBACK.replace(",large,", ",,"), "line 3: fit is missing"),
        (FEEDBACK.replace("a,i2", "a b,i2"), "line 5: client_id must be 1 to 64 letters"),
        (FEEDBACK.replace("a,i2", "a,"), "line 5: item_id is missing"),
        (FEEDBACK.replace("2026-01-03,60", "yesterday,60"), "line 5: occurred_at must be a day"),
        (FEEDBACK + "c,i1,S\n", "line 6: has 3 cells where the header has 7"),
        (FEEDBACK.splitlines()[0] + "\n", "holds no feedback"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=r"feedback\.csv") as refused:
        read(tmp_path, text)
    assert message in str(refused.value)


def test_days_may_be_missing_where_none_are_held_out(tmp_path: Path) -> None:
    plain = "client_id,item_id,size,fit\na,i,M,fit\n"
    assert read(tmp_path, plain).day is None
    with pytest.raises(BadInput, match="'occurred_at'"):
        read(tmp_path, plain, dated=True)


def test_sizes_come_back_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('client_id,item_id,size,fit\nb,i1,"10, wide",fit\na,i1, XL ,\n')
    targets = read_targets(tmp_path / "t.csv")
    assert "fit" not in targets.rows.further
    chances = np.array([[0.1, 0.7, 0.2], [1 / 3, 1 / 3, 1 / 3]])
    write_chances(tmp_path / "out.csv", targets, chances)
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == [
        '"b","i1","10, wide",0.1,0.7,0.2',
        '"a","i1"," XL ",0.333333,0.333334,0.333333',
    ]
    write_chances(tmp_path / "out.parquet", targets, chances)
    assert pq.read_table(tmp_path / "out.parquet").column("size").to_pylist() == ["10, wide", " XL "]
