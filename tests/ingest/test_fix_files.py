"""The files of the assembler: what they mean, and one line for each thing that can be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from algorithms.assembly.model import NO_LIMIT
from errors import BadInput
from ingest.fix_files import read_instance, write_boxes, write_prices
from ingest.results import check_path, write_table

REQUESTS = "client_id,slots,budget,item_cap,category_cap\nann,5,250.50,99.9,2\nbob,3,,,\n"
STOCK = "sku,on_hand\ns1,3\ns2,0\n"
SCORES = "client_id,sku,category,price,score\nann,s1,tops,49.90,0.5\nbob,s1,tops,50,1e-3\n\nbob,s2,shoes,0.1,-.25\n"


def read(folder: Path, requests: str = REQUESTS, stock: str = STOCK, scores: str = SCORES):
    for name, text in (("requests", requests), ("stock", stock), ("scores", scores)):
        (folder / f"{name}.csv").write_text(text)
    return read_instance(folder / "requests.csv", folder / "stock.csv", folder / "scores.csv")


def test_csv_is_read_to_the_cent(tmp_path):
    instance = read(tmp_path)
    wave = instance.wave
    assert instance.clients.to_pylist() == ["ann", "bob"]
    assert instance.skus.to_pylist() == ["s1", "s2"]
    assert (wave.slots.tolist(), wave.budget.tolist()) == ([5, 3], [25_050, NO_LIMIT])
    assert (wave.item_cap.tolist(), wave.category_cap.tolist()) == ([9_990, NO_LIMIT], [2, NO_LIMIT])
    assert (wave.on_hand.tolist(), wave.client.tolist(), wave.sku.tolist()) == ([3, 0], [0, 1, 1], [0, 0, 1])
    assert (wave.price.tolist(), wave.score.tolist()) == ([4_990, 5_000, 10], [0.5, 0.001, -0.25])
    assert wave.category[0] == wave.category[1] != wave.category[2]


def test_parquet_means_the_same(tmp_path):
    from_csv = read(tmp_path).wave
    tables = {
        "requests": {
            "client_id": ["ann", "bob"], "slots": [5, 3], "budget": [250.5, None],
            "item_cap": [99.9, float("nan")], "category_cap": pa.array([2, None], pa.int32()),
        },
        "stock": {"sku": ["s1", "s2"], "on_hand": [3, 0]},
        "scores": {
            "client_id": pa.array(["ann", "bob", "bob"]).dictionary_encode(), "sku": ["s1", "s1", "s2"],
            "category": ["tops", "tops", "shoes"], "price": [49.9, 50.0, 0.1], "score": [0.5, 0.001, -0.25],
        },
    }  # fmt: skip
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    instance = read_instance(*(tmp_path / f"{name}.parquet" for name in tables)).wave
    assert instance.wishes is from_csv.wishes is None  # files state none
    for name in set(from_csv.__dataclass_fields__) - {"wishes"}:
        assert getattr(instance, name).tolist() == getattr(from_csv, name).tolist(), name


@pytest.mark.parametrize(("context", "line"), [("home", "ann,home"), ("at, home", '"ann","at, home"')])
def test_cells_are_quoted_only_where_one_needs_it(tmp_path: Path, context: str, line: str) -> None:
    write_table(tmp_path / "out.csv", {"client_id": ["ann"], "context": [context]})
    assert (tmp_path / "out.csv").read_text() == f"client_id,context\n{line}\n"


@pytest.mark.parametrize("code", ["utf-16", "latin-1"])
def test_a_header_that_is_not_utf_8_is_said(tmp_path: Path, code: str) -> None:
    path = tmp_path / "requests.csv"
    path.write_bytes("client_id,größe\nann,5\n".encode(code))
    with pytest.raises(BadInput, match=r"requests.csv: is not UTF-8"):
        read_instance(path, path, path)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("requests", "5,250.50", "-5,250.50", r"requests.csv, line 2: slots must be a whole number"),
        ("requests", "250.50", "250.505", r"requests.csv, line 2: budget must be an amount .* in exact cents"),
        ("requests", "99.9", "cheap", r"requests.csv, line 2: item_cap must be an amount"),
        ("requests", ",2\n", ",2.5\n", r"requests.csv, line 2: category_cap must be a whole number"),
        ("requests", "bob", "ann", r"requests.csv, line 3: client_id ann is in the file already"),
        ("requests", "bob,", "a@b.example,", r"requests.csv, line 3: client_id must be 1 to 64 letters"),
        ("requests", "bob,3,,,", "bob,3,,", r"requests.csv, line 3: has 4 cells where the header has 5"),
        ("requests", "slots", "slot", r"requests.csv: missing in the header: 'slots'"),
        ("stock", "s2,0", "s2,", r"stock.csv, line 3: on_hand must be a whole number"),
        ("stock", "s2,0", "s1,0", r"stock.csv, line 3: sku s1 is in the file already"),
        ("scores", "bob,s2", "cyd,s2", r"scores.csv, line 5: client_id cyd is not in requests.csv"),
        ("scores", "bob,s2", "bob,s3", r"scores.csv, line 5: sku s3 is not in stock.csv"),
        ("scores", "bob,s2", "bob,s1", r"scores.csv, line 5: sku is a candidate of this client already"),
        ("scores", "shoes", "", r"scores.csv, line 5: category is missing"),
        ("scores", "49.90", "49.999", r"scores.csv, line 2: price must be an amount"),
        ("scores", "1e-3", "nan", r"scores.csv, line 3: score must be a number"),
        ("scores", "1e-3", "1e999", r"scores.csv, line 3: score must be a finite number"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, file, old, new, message):
    texts = {"requests": REQUESTS, "stock": STOCK, "scores": SCORES}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    with pytest.raises(BadInput, match=message):
        read(tmp_path, **texts)


def test_in_parquet_the_row_is_named(tmp_path):
    read(tmp_path)
    pq.write_table(pa.table({"sku": ["s1", "s2"], "on_hand": [3.0, 0.5]}), tmp_path / "stock.parquet")
    with pytest.raises(BadInput, match=r"stock.parquet, row 2: on_hand must be a whole number"):
        read_instance(tmp_path / "requests.csv", tmp_path / "stock.parquet", tmp_path / "scores.csv")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.parquet", "no parquet", "is no parquet file"),
        ("a.csv", "", "is empty"),
        ("a.txt", "", "must end in .csv or .parquet"),
        ("a.csv", None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_is_none(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=re.escape(name) + ".*" + message):
        read_instance(tmp_path / name, tmp_path / "b.csv", tmp_path / "c.csv")


def test_headers_alone_are_a_wave_of_nobody(tmp_path):
    texts = (REQUESTS, STOCK, SCORES)
    instance = read(tmp_path, *(text.partition("\n")[0] + "\n" for text in texts))
    assert (len(instance.clients), len(instance.skus), len(instance.wave.score)) == (0, 0, 0)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_written(tmp_path, ending):
    instance = read(tmp_path)
    boxes, prices = tmp_path / f"boxes.{ending}", tmp_path / f"prices.{ending}"
    write_boxes(boxes, instance, np.array([1, 0]))
    write_prices(prices, instance, np.array([0.25, 0.0]))
    if ending == "csv":
        assert boxes.read_text() == "client_id,sku\nann,s1\nbob,s1\n"
        assert prices.read_text() == "sku,shadow_price\ns1,0.25\ns2,0\n"
    else:
        assert pq.read_table(boxes).to_pylist() == [{"client_id": name, "sku": "s1"} for name in ("ann", "bob")]
        assert pq.read_table(prices).column("shadow_price").to_pylist() == [0.25, 0.0]
    assert not list(tmp_path.glob(".*"))


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(BadInput, match="out: there is no folder"):
        check_path(tmp_path / "none" / "a.csv", "out")
    with pytest.raises(BadInput, match=r"prices: a.json must end in"):
        check_path(tmp_path / "a.json", "prices")
