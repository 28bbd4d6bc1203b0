"""What is guessed of a file before anything of it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.file_format import FileFormat
from ingest.guesses import build_format, guess_format, list_unassigned, propose_columns, read_head
from ingest.kinds import KINDS
from ingest.readers import open_source


@pytest.mark.parametrize(
    ("content", "delimiter", "encoding"),
    [
        (b"client_id,email\nc1,a@b.example\n", ",", None),
        ("Kunden-Nr;E-Mail;Vorname\n1;a@b.example;J\u00f6rg\n".encode("cp1252"), ";", "cp1252"),
        ("client_id\temail\nc1\ta@b.example\n".encode("utf-16"), "\t", "utf-16"),
        (b"sep=|\nclient_id|email\nc1|a@b.example\n", "|", None),
        (b'client_id,email,note\nc1,a@b.example,"a; b; c; d"\n', ",", None),
        (("x" * 199_999 + "\u00e9").encode(), ",", None),
    ],
)
def test_delimiter_and_encoding_are_guessed(
    tmp_path: Path, content: bytes, delimiter: str, encoding: str | None
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert guess_format(path) == FileFormat(delimiter, encoding)


def test_columns_are_proposed_by_the_names_that_shops_use_and_the_rest_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Kunden-Nr;E-Mail;Vorname;Internes;attr.points\n7;a@b.example;J\u00f6rg;x;3\n")
    written = guess_format(path)
    names, rows = read_head(path, written, 5)
    proposed = propose_columns("clients", names)
    assert proposed == {
        "client_id": "Kunden-Nr",
        "email": "E-Mail",
        "first_name": "Vorname",
        "attr.points": "attr.points",
    }
    assert rows[0].row["Internes"] == "x"
    read = open_source(path, KINDS["clients"].columns, build_format(path, written, names, proposed))
    (line,) = read.lines
    assert line.row == {"client_id": "7", "email": "a@b.example", "first_name": "J\u00f6rg", "attr.points": "3"}
    assert list_unassigned("clients", {"email": "E-Mail"}) == ["client_id"]


def test_a_name_is_proposed_once(tmp_path: Path) -> None:
    assert propose_columns("catalogue", ["item_id", "name", "type", "price"]) == {
        **{"item_id": "item_id", "title": "name", "category": "type", "price": "price"}
    }


def test_of_json_what_nobody_assigned_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id": "e1", "client_id": "ada", "type": "searched", "occurred_at": "2026-01-01", "query": "coat"}\n'
    )
    names, _ = read_head(path, FileFormat(), 5)
    read = open_source(path, KINDS["events"].columns, build_format(path, FileFormat(), names, {"event_id": "id"}))
    (line,) = read.lines
    assert line.row["event_id"] == "e1"
    assert line.row["query"] == "coat"
