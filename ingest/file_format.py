"""How a file is written: its delimiter, encoding, list separator, and its own names for our columns."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from errors import BadInput

LIST_SEPARATOR: Final = "|"


@dataclass(frozen=True)
class FileFormat:
    """What the caller states about a file. `columns` maps our names to the file's; None: the ending decides."""

    delimiter: str | None = None
    encoding: str | None = None
    lists: str = LIST_SEPARATOR
    columns: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    """Columns of the file that are not read."""

    @classmethod
    def parse(
        cls,
        delimiter: str | None,
        encoding: str | None,
        lists: str | None,
        columns: Sequence[str],
        left_out: Sequence[str] = (),
    ) -> Self:
        """Parse the options of a command: `columns` holds texts such as `email=E-Mail,first_name=Vorname`, `left_out`
        names of columns that are not read.

        Raises:
            BadInput: an option that names no single character, no encoding or no column.
        """
        return cls(
            _parse_character(delimiter, "--delimiter") if delimiter else None,
            _parse_encoding(encoding) if encoding else None,
            _parse_character(lists, "--lists") if lists else LIST_SEPARATOR,
            dict(_parse_pair(pair) for text in columns for pair in text.split(",")),
            frozenset(left_out),
        )

    def rename(self, names: Sequence[str]) -> list[str]:
        """Return our names for the columns `names` of a file; empty for one that is not read. Raises BadInput when the
        file lacks a stated one."""
        ours = {theirs: name for name, theirs in self.columns.items()}
        if absent := [theirs for theirs in ours if theirs not in names]:
            raise BadInput(
                f"the file has no column {', '.join(map(repr, absent))}; it has {', '.join(names)}", "--columns"
            )
        return ["" if name in self.left_out else ours.get(name, name) for name in names]


def _parse_character(text: str, option: str) -> str:
    character = {"tab": "\t", r"\t": "\t"}.get(text.casefold(), text)
    if len(character) != 1 or character in '"\r\n':
        raise BadInput("is one character, such as ';' or tab", option)
    return character


def _parse_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise BadInput(f"no such encoding: {name!r}; often utf-8, utf-16 or cp1252", "--encoding") from None
    return "utf-8-sig" if found == "utf-8" else found


def _parse_pair(pair: str) -> tuple[str, str]:
    ours, equals, theirs = (part.strip() for part in pair.partition("="))
    if not (ours and equals and theirs):
        raise BadInput(f"{pair!r} is not written OURS=THEIRS, such as email=E-Mail", "--columns")
    return ours, theirs


AS_DOCUMENTED: Final = FileFormat()
"""UTF-8, our column names, and what the ending of the file says."""
