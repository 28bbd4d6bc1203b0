"""The demo shop in a store of its own, and boxes made in it as the product makes them: ranked, scored and assembled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import Engine, select

from demo import shop
from demo.fixes import ClientRequest, list_requests
from ingest.files import import_file
from models.actors import SYSTEM
from models.base import utc
from models.events import EVENT, Event
from models.fix_views import FixRequestBody, UnmetWish
from models.fixes import FixId, FixItem, FixState, FixWish
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes import assembly, proposal, settlement
from services.fixes.fit import FitPredictor
from services.fixes.note_reading import load_words, read_by_rules
from services.fixes.ranking import FixRanker
from services.ingestion import intake
from services.recommendations.recommender import Recommender
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.rows import FixRow, parse_candidates, parse_wish
from store.fixes.views import find_unmet
from store.mail.policy import ShopPolicy
from store.migrate import upgrade
from store.tables import clients, stock

START = utc(2026, 11, 20, 7)


class RankedBox(NamedTuple):
    """A Fix that was ranked and assembled."""

    fix_id: FixId
    wish: FixWish
    candidates: Sequence[FixItem]
    box: list[FixItem]


@dataclass(frozen=True)
class DemoShop:
    """The demo shop as it begins; boxes hold no units, so that any number of them can be made."""

    settings: Settings
    engine: Engine
    context: ServiceContext
    ranker: FixRanker

    def make_box(self, client_id: str, body: dict[str, Any], now: datetime) -> tuple[FixId, list[FixItem]]:
        """Request a Fix, read its note by the rules, rank and assemble it; return the box, best first."""
        fix_id, _, _, box = self.rank_box(client_id, body, now)
        with write_transaction(self.engine) as connection:  # so that the client may ask again
            fixes.move_fix(connection, fix_id, FixState.CANCELLED, now)
        return fix_id, box

    def rank_box(self, client_id: str, body: dict[str, Any], now: datetime) -> RankedBox:
        """Request a Fix, read its note by the rules, rank and assemble it."""
        request = FixRequestBody.model_validate({**body, "when": "now", "request_key": None})
        with write_transaction(self.engine) as connection:
            fix_id = fixes.save_request(connection, client_id, request.wish, now, request_key=None, due=now)
            if request.note:
                read = read_by_rules(request.note, *load_words(self.settings, connection))
                fixes.save_note(connection, fix_id, read.model_dump(mode="json"))
        self.ranker.rank([fix_id], now)
        with read_transaction(self.engine) as connection:
            row = fixes.load_fix(connection, fix_id)
            question = assembly.build_question(connection, row, now)
        answer = assembly.choose_box(Decider(), question)
        candidates = parse_candidates(row)
        by_sku = {item.sku: item for item in candidates}
        box = [by_sku[sku] for sku in answer.decision.answer.skus]  # type: ignore[attr-defined]
        return RankedBox(fix_id, parse_wish(row), candidates, box)

    def send_box(self, fix_id: FixId, box: Sequence[FixItem], kept: Sequence[bool], now: datetime) -> None:
        """Send a box and take in what the client keeps of it. Stock is filled up before, so that it never ends."""
        with write_transaction(self.engine) as connection:
            connection.execute(stock.update().where(stock.c.sku.in_([item.sku for item in box])).values(on_hand=99))
            row = fixes.load_fix(connection, fix_id, lock=True)
            fixes.move_fix(connection, fix_id, FixState.ASSEMBLED, now)
            proposal.propose_box(self.context, connection, row, [item.sku for item in box], now)
            settlement.approve_fix(connection, fix_id, "approved_by_stylist", now)
            settlement.ship_box(connection, fixes.load_fix(connection, fix_id), now)
            answers = [_build_feedback(row, *pair, now) for pair in zip(box, kept, strict=True)]
            intake.accept_events(connection, answers, ShopPolicy.from_settings(self.settings), now, now)

    def load_unmet(self, fix_id: FixId, box: Sequence[FixItem]) -> tuple[UnmetWish, ...]:
        """Load what a box does not meet of a Fix."""
        with read_transaction(self.engine) as connection:
            return find_unmet(connection, fixes.load_fix(connection, fix_id), [item.sku for item in box])

    def load_client(self, client_id: str) -> Any:
        """Load the sizes and the time zone of a client."""
        columns = clients.c.sizes, clients.c.time_zone
        with read_transaction(self.engine) as connection:
            return connection.execute(select(*columns).where(clients.c.client_id == client_id)).one()

    def load_wish(self, fix_id: FixId) -> FixWish:
        """Load what a Fix asks for, with what its note adds."""
        with read_transaction(self.engine) as connection:
            return parse_wish(fixes.load_fix(connection, fix_id))


@contextmanager
def open_demo_shop(
    start: datetime = START, monotonic: Callable[[], float] = time.monotonic, **overrides: Any
) -> Iterator[DemoShop]:
    """Import the demo shop as of business time `start` into a folder that goes in the end."""
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), _env_file=None, **overrides)
        engine = connect(settings.database)
        upgrade(engine)
        terms = ShopPolicy.from_settings(settings)
        for kind, path in shop.write_shop(Path(folder) / "files", start)._asdict().items():
            import_file(kind, path, engine, SYSTEM, terms, start, datetime.now(UTC))
        context = ServiceContext(settings, engine)
        fits = FitPredictor(engine, settings.home).build_for_client
        ranker = FixRanker(context, Recommender(engine, settings), fits, monotonic)
        yield DemoShop(settings, engine, context, ranker)
        engine.dispose()


def _build_feedback(row: FixRow, item: FixItem, kept: bool, now: datetime) -> Event:
    return EVENT.validate_python(
        {
            "event_id": f"{row.fix_id}-{item.item_id}"[:64],
            "client_id": row.client_id,
            "type": "fix_feedback",
            "occurred_at": now,
            "fix_id": row.fix_id,
            "item_id": item.item_id,
            "kept": kept,
        }
    )


def list_demo_requests(count: int, start: datetime = START) -> Sequence[ClientRequest]:
    """List the first `count` requests that the demo's clients would send."""
    asks: list[ClientRequest] = []
    day = 0
    while len(asks) < count:
        asks += list_requests(start, day % 5, shop.CLIENTS) if day < 5 else list_requests(start, 2 * day, shop.CLIENTS)
        day += 1
    return asks[:count]


NOW = START + timedelta(days=1)
