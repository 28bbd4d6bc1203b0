"""Places in files hold, whatever stands in them; one bad line costs one row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInput
from ingest.file_format import FileFormat
from ingest.readers import LONGEST_LINE, open_source
from ingest.rows import Columns, FileLine

COLUMNS = Columns(("a",), ("b",))
PLAIN = st.text("abcxyz0189 -", min_size=1, max_size=6).filter(str.strip)


def read(tmp_path: Path, name: str, content: bytes) -> list[FileLine]:
    path = tmp_path / name
    path.write_bytes(content)
    return list(open_source(path, COLUMNS).lines)


def places(lines: list[FileLine]) -> list[tuple[int, str]]:
    return [(line.number, "" if line.fault is None else line.fault.reason[:12]) for line in lines]


def test_lines_are_counted_over_quoted_newlines_and_blank_ones(tmp_path: Path) -> None:
    lines = read(tmp_path, "x.csv", b'a,b\r\n1,"x\r\ny\r\nz"\r\n\r\n2,y\r\n3\r\n4,q\r\n')
    assert places(lines) == [(2, ""), (6, ""), (7, "has 1 cells "), (8, "")]
    assert lines[0].row == {"a": "1", "b": "x\r\ny\r\nz"}


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert read(tmp_path, "x.csv", b"\xef\xbb\xbfa,b\n1,2\n")[0].row == {"a": "1", "b": "2"}
    assert read(tmp_path, "x.jsonl", b'\xef\xbb\xbf{"a": 1}\n')[0].row == {"a": 1}


def test_columns_may_stand_in_any_order_and_optional_ones_be_absent(tmp_path: Path) -> None:
    assert read(tmp_path, "x.csv", b" b , a\n1,2\n")[0].row == {"b": "1", "a": "2"}
    assert read(tmp_path, "x.csv", b"a\n1\n")[0].row == {"a": "1"}


def test_a_quote_that_never_closes_costs_its_own_line(tmp_path: Path) -> None:
    lines = read(tmp_path, "x.csv", b'a,b\n1,x\n2,"never closed\n' + b"filler,line\n" * 12_000 + b"9,last\n")
    assert [line.number for line in lines if line.fault] == [3]
    assert lines[1].fault is not None
    assert "swallowed the next" in lines[1].fault.reason
    assert len(lines) == 1 + 1 + 12_000 + 1
    assert lines[-1].row == {"a": "9", "b": "last"}


@given(rows=st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=30), data=st.data())
def test_stray_quotes_cost_their_own_lines_wherever_they_stand(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], data: st.DataObject
) -> None:
    stray = data.draw(st.sets(st.integers(0, len(rows) - 1), max_size=3))
    last_cell = data.draw(st.booleans())
    quoted = (lambda a, b: f'{a},"{b}') if last_cell else (lambda a, b: f'"{a},{b}')
    lined = (quoted(a, b) if index in stray else f"{a},{b}" for index, (a, b) in enumerate(rows))
    text = "a,b\n" + "\n".join(lined) + data.draw(st.sampled_from(["", "\n"]))
    lines = read(tmp_path_factory.mktemp("stray"), "x.csv", text.encode())
    assert {line.number - 2 for line in lines if line.fault} == stray
    assert [line.row for line in lines if not line.fault] == [
        {"a": a, "b": b} for index, (a, b) in enumerate(rows) if index not in stray
    ]


def test_blank_rows_are_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,x\n,\n , \n\n2,y,,\n,\n")
    source = open_source(path, COLUMNS)
    assert [line.row["a"] for line in source.lines] == ["1", "2"]
    assert source.count_blank_rows() == 3


def test_a_file_may_be_written_in_the_shops_own_way(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("Größe;Name\n38;Zoë\n".encode("cp1252"))
    with pytest.raises(BadInput, match="--encoding cp1252"):
        open_source(path, COLUMNS)
    written = FileFormat.parse(";", "cp1252", None, ("a=Größe,b=Name",))
    assert [line.row for line in open_source(path, COLUMNS, written).lines] == [{"a": "38", "b": "Zoë"}]
    path.write_bytes("sep=;\r\na;b\r\n1;2\r\n".encode("utf-16"))
    with pytest.raises(BadInput, match="--encoding utf-16"):
        open_source(path, COLUMNS)
    rows = open_source(path, COLUMNS, FileFormat.parse(None, "utf-16", None, ())).lines
    assert [(line.number, line.row) for line in rows] == [(3, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ((";;", None, None, ()), "--delimiter: is one character"),
        ((None, "utf-99", None, ()), "--encoding: no such encoding"),
        ((None, None, '"', ()), "--lists: is one character"),
        ((None, None, None, ("a",)), "--columns: 'a' is not written"),
    ],
)
def test_a_wrong_option_is_named(options: Any, hint: str) -> None:
    with pytest.raises(BadInput, match=hint):
        FileFormat.parse(*options)


def test_a_stated_column_that_is_absent_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    written = FileFormat.parse(None, None, None, ("b=Name",))
    with pytest.raises(BadInput, match="no column 'Name'; it has a"):
        open_source(tmp_path / "x.csv", COLUMNS, written)


def test_json_lines_that_are_not_objects(tmp_path: Path) -> None:
    lines = read(tmp_path, "x.jsonl", b'{"a": 1}\n\n{"a": \n[1]\n"x"\n{"a": "\xff"}\n{"a": 2, "b": null}')
    assert places(lines) == [
        (1, ""),
        (3, "is not JSON:"),
        (4, "is not a JSO"),
        (5, "is not a JSO"),
        (6, "is not JSON:"),
        (7, ""),
    ]
    assert lines[-1].row == {"a": 2}


def test_an_endless_line_is_skipped_and_not_kept(tmp_path: Path) -> None:
    long = b'{"a": "' + b"x" * (3 * LONGEST_LINE) + b'"}'
    lines = read(tmp_path, "x.jsonl", b'{"a": 1}\n' + long + b'\n{"a": 3}\n' + long)
    assert places(lines) == [(1, ""), (2, "is longer th"), (3, ""), (4, "is longer th")]
    assert lines[1].row == {}


def test_what_is_not_utf8_comes_through_marked(tmp_path: Path) -> None:
    (line,) = read(tmp_path, "x.csv", b"a,b\n1,caf\xe9\n")
    with pytest.raises(UnicodeEncodeError):
        line.row["b"].encode()
