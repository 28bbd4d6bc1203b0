"""Guesses how a file is written and which of its columns are ours, for a person to confirm."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from errors import BadInput
from ingest.csv_reader import SEPARATOR_LINE
from ingest.file_format import FileFormat
from ingest.kinds import KINDS
from ingest.readers import open_source
from ingest.rows import Columns, FileLine, is_null

TABLES: Final = (".csv", ".tsv")
HEAD: Final = 200_000
"""Bytes that are looked at."""
LONGEST: Final = 100_000
"""Characters of a line that are looked at."""
DELIMITERS: Final = (",", ";", "\t", "|")
OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "client_id": (
        "id",
        "customer_id",
        "customer",
        "client",
        "user_id",
        "kunde",
        "kundennummer",
        "kunden_nr",
        "member_id",
    ),
    "email": ("e_mail", "mail", "email_address", "e_mail_address", "emailadresse", "e_mail_adresse"),
    "first_name": ("name", "firstname", "given_name", "vorname", "prenom", "forename"),
    "time_zone": ("timezone", "tz", "zeitzone"),
    "locale": ("language", "lang", "sprache", "langue"),
    "country": ("land", "pays", "country_code"),
    "signed_up_at": ("signup", "signed_up", "created_at", "created", "registered_at", "joined", "member_since"),
    "sizes": ("size", "groesse", "groessen", "grosse", "grossen", "taille"),
    "consent": ("opt_in", "optin", "newsletter", "accepts_marketing", "marketing_consent"),
    "consent_source": ("opt_in_source",),
    "item_id": ("product_id", "article", "artikel", "handle", "item"),
    "title": ("name", "product", "product_name", "bezeichnung"),
    "category": ("type", "product_type", "kategorie"),
    "price": ("preis", "prix", "variant_price"),
    "cost": ("cost_price", "einkaufspreis"),
    "colour": ("color", "farbe", "couleur"),
    "brand": ("vendor", "marke", "marque"),
    "url": ("link", "product_url"),
    "image_url": ("image", "image_link", "picture", "bild"),
    "sku": ("variant_sku", "variant_id"),
    "on_hand": ("stock", "quantity", "qty", "inventory", "bestand", "available"),
    "event_id": ("id",),
    "type": ("event", "event_type", "event_name"),
    "occurred_at": ("time", "timestamp", "date", "created_at", "at"),
    "quantity": ("qty", "menge"),
    "value": ("amount", "total", "line_total", "betrag"),
}
"""What shops and their exports call our columns, in lower case, words joined by _."""


class AnyColumns(Columns):
    """Takes a file whatever its columns are."""

    def check(self, names_found: Sequence[str], path: Path, hint: str = "") -> None:
        """Take every header."""


def guess_format(path: Path) -> FileFormat:
    """Guess encoding and delimiter of a table from its beginning; other files say it themselves. Raises BadInput."""
    if path.suffix.lower() not in TABLES:
        return FileFormat()
    encoding = _guess_encoding(path)
    with path.open(encoding=encoding or "utf-8-sig", errors="replace", newline="") as file:
        lines = list(islice(iter(lambda: file.readline(LONGEST), ""), 20))
    return FileFormat(_guess_delimiter(path, lines), encoding)


def _guess_encoding(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode()
    except UnicodeDecodeError as wrong:
        return None if wrong.start >= len(head) - 3 else "cp1252"  # the end may cut a letter in two
    return None


def _guess_delimiter(path: Path, lines: Sequence[str]) -> str:
    if not lines:
        raise BadInput("is empty; the first line names the columns", path.name)
    if SEPARATOR_LINE.fullmatch(lines[0]):
        return lines[0][4]
    usual = "\t" if path.suffix.lower() == ".tsv" else ","
    widths = {mark: [len(row) for row in csv.reader(lines, delimiter=mark) if row] for mark in DELIMITERS}
    rated = {mark: (counts.count(counts[0]), counts[0]) for mark, counts in widths.items() if counts and counts[0] > 1}
    return max(rated, key=lambda mark: (*rated[mark], mark == usual), default=usual)


def read_head(path: Path, written: FileFormat, limit: int) -> tuple[list[str], list[FileLine]]:
    """Read the names of the columns as the file has them, and its first rows. Raises BadInput."""
    plain = FileFormat(written.delimiter, written.encoding, written.lists)
    source = open_source(path, AnyColumns(()), plain)
    lines = list(islice(source.lines, limit))
    names = list(source.columns or dict.fromkeys(name for line in lines if not line.fault for name in line.row))
    return names, lines


def propose_columns(kind: str, names: Sequence[str]) -> dict[str, str]:
    """Propose which column of the file each of ours is: the same name, else one that shops use for it."""
    columns = KINDS[kind].columns
    folded = {_fold(name): name for name in reversed(names)}
    proposed: dict[str, str] = {}
    for ours in (*columns.required, *columns.optional):
        if found := folded.get(ours):
            proposed[ours] = found
    for ours in (*columns.required, *columns.optional):
        free = (folded[other] for other in OTHER_NAMES.get(ours, ()) if other in folded)
        if ours not in proposed and (found := next((one for one in free if one not in proposed.values()), None)):
            proposed[ours] = found
    if columns.prefix:
        proposed |= {name: name for name in names if name.startswith(columns.prefix)}
    return proposed


def _fold(name: str) -> str:
    plain = name.casefold().translate(str.maketrans("äöüéèß", "aouees"))
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def build_format(path: Path, written: FileFormat, names: Sequence[str], columns: Mapping[str, str]) -> FileFormat:
    """Build the format by which a file is read whose columns were assigned. Of a table those that nobody assigned are
    left out; JSON has further fields, which keep their names."""
    is_table = path.suffix.lower() not in (".jsonl", ".ndjson")
    left_out = frozenset(names) - set(columns.values()) if is_table else frozenset()
    renamed = {ours: theirs for ours, theirs in columns.items() if ours != theirs}
    return FileFormat(written.delimiter, written.encoding, written.lists, renamed, left_out)


def list_unassigned(kind: str, columns: Mapping[str, str]) -> list[str]:
    """List our required columns for which none of the file's was chosen."""
    return [ours for ours in KINDS[kind].columns.required if not columns.get(ours)]


def show_cell(cell: object) -> str:
    """Show a cell as it stands in the file, short."""
    return "" if cell is None or is_null(cell) else str(cell)[:80]
