"""Files that are all there is: which ids they name, so that what they leave out can be retired or emptied."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from errors import BadInput
from ingest.rows import FileLine
from models.actors import Actor
from services.goods.wholes import GoodsKind, drop_absent

_ID: Final = {GoodsKind.CATALOGUE: "item_id", GoodsKind.STOCK: "sku"}
_NOTE: Final = {GoodsKind.CATALOGUE: "retired", GoodsKind.STOCK: "out_of_stock"}


class WholeFile:
    """The ids of a file that is the whole catalogue or the whole stock. Rows that are rejected count too: an item with
    a wrong price is still sold."""

    def __init__(self, kind: str, confirmed: bool = False) -> None:
        if kind not in tuple(GoodsKind):
            raise BadInput("only a catalogue or a stock file can be all there is", "all")
        self._kind, self._confirmed = GoodsKind(kind), confirmed
        self._present: set[str] = set()
        self._unreadable = 0

    def note_rows(self, lines: Iterable[FileLine]) -> None:
        """Note what rows name."""
        for line in lines:
            stated = line.row.get(_ID[self._kind])
            if isinstance(stated, str) and line.fault is None:
                self._present.add(stated.strip())
            else:
                self._unreadable += 1

    def drop_absent(self, engine: Engine, actor: Actor, now: datetime, real_now: datetime) -> dict[str, int]:
        """Drop what the file does not name, and return the note for the summary.

        Raises:
            BadInput: it is too much, or rows could not be read, and nobody confirmed it.
        """
        if self._unreadable and not self._confirmed:
            raise BadInput(
                f"{self._unreadable:,} rows name no {_ID[self._kind]}, so nobody knows what is absent; the others are"
                f" in, and nothing was dropped. Mend them, or say --yes",
                "all",
            )
        present, confirmed = self._present, self._confirmed
        absent = drop_absent(engine, actor, self._kind, present, now, real_now, confirmed=confirmed)
        return {_NOTE[self._kind]: absent} if absent else {}
