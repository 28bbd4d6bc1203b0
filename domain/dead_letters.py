"""Why a message could not be taken in: a code for records, a sentence for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from domain.intake import ERASED
from models.dead_letters import LetterCode

FIELD: Final = re.compile(r"[a-z][a-z0-9_.]{0,79}")
"""Names of our own fields; whatever else a message calls a field may be about a person."""

SENTENCES: Final[Mapping[LetterCode, str]] = {
    LetterCode.NOT_JSON: "it is no JSON",
    LetterCode.WRONG_SHAPE: "it is neither one row nor a list of rows",
    LetterCode.INVALID: "a field is missing or wrong",
    LetterCode.UNKNOWN_CLIENT: "it is about a client whom we do not know: import or PUT the client, then try again",
    LetterCode.UNKNOWN_ITEM: "it names an item that is not in the catalogue: import it, then try again",
    LetterCode.REFUSED: "a field holds what cannot be taken in",
    LetterCode.ERASED: "it is about a client who was erased; what it said is not kept",
    LetterCode.NO_ROOM: "it holds more rows than one message may",
    LetterCode.FAILED: "taking it in failed; the log of the consumer names the fault",
    LetterCode.NOT_SENDABLE: "Temporal refuses it for good",
}


def choose_code(field: str, reason: str) -> LetterCode:
    """Choose the code of a row that the rules refuse."""
    if reason == ERASED:
        return LetterCode.ERASED
    if field in ("client_id", "item_id") and reason.startswith("unknown"):
        return LetterCode.UNKNOWN_CLIENT if field == "client_id" else LetterCode.UNKNOWN_ITEM
    return LetterCode.REFUSED


def name_field(field: str) -> str:
    """Return the field as it may stand on record; empty where it is no name of ours."""
    return field if FIELD.fullmatch(field) else ""


def explain(code: LetterCode, field: str) -> str:
    """Explain in words why a message was not taken in."""
    named = field and code in (LetterCode.INVALID, LetterCode.REFUSED)
    return f"{field}: {SENTENCES[code]}" if named else SENTENCES[code]
