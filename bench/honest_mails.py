"""The corpus of honest mails: copy by hands that had seen no rule, and the briefs that it was written for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from agents.languages import find_language
from domain.facts import History, HistoryItem, state_facts
from models.mail import Autonomy, Brief, BriefItem
from models.states import Phase, TouchKind

FOLDER: Final = Path(__file__).parent / "data" / "honest"
LANGUAGES: Final = ("en", "de", "fr", "es", "ar")
NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
_AFTER: Final = timedelta(days=7)


class HonestMail(NamedTuple):
    """One mail of the corpus. `copy`: its sentences in their two wordings."""

    mail_id: str
    language: str
    brief: Brief
    copy: Mapping[str, Any]


def load_mails(half: str, folder: Path = FOLDER) -> list[HonestMail]:
    """Load a half of the corpus, `open` or `unread`; empty when it is not there."""
    return list(_list_mails(half, folder))


class PlayedMail(NamedTuple):
    """A mail by a hand that played the language model: it saw the product's prompt and nothing else, and gave its first
    answer and, where code refused some of it, one more."""

    mail_id: str
    language: str
    brief: Brief
    answers: tuple[Mapping[str, Any], ...]


def load_played(half: str, folder: Path = FOLDER) -> list[PlayedMail]:
    """Load a half of the mails by hands that played the model; empty when it is not there."""
    path, mails = folder / f"played_{half}.jsonl", []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        row = json.loads(line)
        brief = Brief.model_validate(row["brief"])
        mails.append(PlayedMail(brief.client_id, find_language(brief.locale), brief, tuple(row["answers"])))
    return mails


def _list_mails(half: str, folder: Path) -> Iterator[HonestMail]:
    for language in LANGUAGES:
        path = folder / f"{half}_{language}.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            row = json.loads(line)
            yield HonestMail(row["id"], language, _build_brief(row["id"], language, row["brief"]), row["mail"])


def _build_brief(mail_id: str, language: str, told: Mapping[str, Any]) -> Brief:
    return Brief(
        client_id=mail_id,
        n=1,
        kind=TouchKind(told["kind"]),
        phase=Phase.ACTIVE,
        assessment_id="a-1",
        score=10.0,
        first_name=told["first_name"],
        locale=language,
        shop_name=told["shop_name"],
        autonomy=Autonomy.GROUNDED,
        voice="Confident, concise, executive.",
        message=told.get("message", ""),
        facts=state_facts(_build_history(language, told), _find_day(told)),
        items=tuple(BriefItem.model_validate(item) for item in told.get("items", ())),
        season=told.get("season", ""),
    )


def _build_history(language: str, told: Mapping[str, Any]) -> History:
    past = told.get("history", {})
    titles = {item["item_id"]: item["title"] for item in told.get("items", ())}
    return History(
        signed_up_at=_read_day(past.get("signed_up", "2024-02-10")),
        locale=language,
        sizes=past.get("sizes", ()),
        quiz_styles=past.get("quiz_styles", ()),
        quiz_colours=past.get("quiz_colours", ()),
        orders=past.get("orders_count"),
        last_order_at=_read_day(past["last_order"]) if "last_order" in past else None,
        favourite_category=past.get("favourite_category"),
        last_item=_build_piece(past.get("last_item")),
        kept=_build_piece(past.get("kept_item")),
        wished=_build_piece(past.get("wishlist")),
        viewed=_build_piece(past.get("last_viewed")),
        arrived=titles.get(past.get("new_arrival", "")),
    )


def _build_piece(told: Mapping[str, str] | None) -> HistoryItem | None:
    if told is None:
        return None
    named = {name: word for name, word in told.items() if name != "day"}
    return HistoryItem.model_validate({**named, "at": _read_day(told["day"])})


def _read_day(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), UTC)


def _find_day(told: Mapping[str, Any]) -> datetime:
    """Find the day of writing, which the corpus does not state: a week after the last thing that is known."""
    past = told.get("history", {}).values()
    days = [entry["day"] if isinstance(entry, dict) else entry for entry in past]
    known = [day for day in days if isinstance(day, str) and day[:2] == "20"]
    return _read_day(max(known)) + _AFTER if known else NOW
