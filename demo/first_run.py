"""The first run of the demo: write the shop as files and import them like any other shop's data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from demo import shop
from demo.feed import Cursor, build_cursor_path
from errors import SelvedgeError
from ingest.files import import_file
from models.actors import SYSTEM
from services.schema import bring_up_to_date
from settings import Settings
from store.database import connect
from store.mail.policy import ShopPolicy

OPENS_AT: Final = 7
"""Hour of today, UTC, at which the demo begins, whatever the hour of the real day."""
CAMPAIGN: Final = (
    *("campaign", "create", "winter-edit", "--name", "The winter edit", "--throughput", "60", "--control-share", "0.5"),
    *("--message", "Our winter edit is in: wool, warm colours and good boots, picked for you."),
)
"""Half of the clients are held out, where a tenth is usual: there are too few of them for less to show a lift."""


def load_start(settings: Settings) -> datetime:
    """Load the business time at which the demo began."""
    return Cursor(build_cursor_path(settings)).load()[0]


def prepare_shop(settings: Settings, say: Callable[[str], None]) -> bool:
    """Bring the schema up to date and, on the first run, import the shop; return whether it was the first run.

    A run that was killed half-way through is repeated from the same files' contents: what is in already stays as it is.
    """
    engine = connect(settings.database)
    try:
        bring_up_to_date(engine, settings)
        cursor_path, marker = build_cursor_path(settings), build_cursor_path(settings).with_name("stocked")
        if marker.exists():
            say("Going on with the shop of the last run")
            return False
        cursor_path.parent.mkdir(parents=True, exist_ok=True)
        if not cursor_path.exists():
            start = datetime.now(UTC).replace(hour=OPENS_AT, minute=0, second=0, microsecond=0)
            Cursor(cursor_path).save(start, start)
        _import(settings, engine, cursor_path.parent, load_start(settings))
        say(f"Imported a shop of {shop.CLIENTS} clients with their history")
        marker.touch()
    finally:
        engine.dispose()
    return True


def _import(settings: Settings, engine: Engine, folder: Path, start: datetime) -> None:
    terms = ShopPolicy.from_settings(settings)
    for kind, path in shop.write_shop(folder, start)._asdict().items():
        summary = import_file(kind, path, engine, SYSTEM, terms, start, datetime.now(UTC))
        if summary.rejected:
            raise SelvedgeError(
                f"{summary.rejected} rows of the demo's own {path.name} were refused: {summary.rejects}"
            )
