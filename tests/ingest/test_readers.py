"""Places in files hold, whatever stands in them; one bad line costs one row."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.readers import LONGEST_LINE, Columns, FileLine, open_source

COLUMNS = Columns(("a",), ("b",))


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


def test_a_quote_that_never_closes_costs_what_it_swallows_and_no_more(tmp_path: Path) -> None:
    swallowed = b'2,"never closed\n' + b"filler,line\n" * 12_000
    lines = read(tmp_path, "x.csv", b"a,b\n1,x\n" + swallowed + b"9,last\n")
    assert lines[0].row == {"a": "1", "b": "x"}
    faults = [line for line in lines if line.fault]
    assert any("quote" in line.fault.reason for line in faults if line.fault)
    assert lines[-1].row == {"a": "9", "b": "last"}


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
