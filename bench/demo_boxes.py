"""The demo shop in a store of its own, and boxes made in it as the product makes them: ranked, scored and assembled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from demo import shop
from demo.fixes import ClientRequest, list_requests
from domain.fixes import notes
from ingest.files import import_file
from models.actors import SYSTEM
from models.base import utc
from models.fix_views import FixRequestBody
from models.fixes import FixId, FixItem, FixState, FixWish
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes import assembly
from services.fixes.fit import FitPredictor
from services.fixes.ranking import FixRanker
from services.recommendations.recommender import Recommender
from settings import Settings
from store.catalogue import catalogue
from store.database import connect, read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.rows import parse_candidates, parse_wish
from store.mail.policy import ShopPolicy
from store.migrate import upgrade

START = utc(2026, 11, 20, 7)


@dataclass(frozen=True)
class DemoShop:
    """The demo shop as it begins; boxes hold no units, so that any number of them can be made."""

    settings: Settings
    engine: Engine
    ranker: FixRanker

    def make_box(self, client_id: str, body: dict[str, Any], now: datetime) -> tuple[FixId, list[FixItem]]:
        """Request a Fix, read its note by the rules, rank and assemble it; return the box, best first."""
        request = FixRequestBody.model_validate({**body, "when": "now", "request_key": None})
        with write_transaction(self.engine) as connection:
            fix_id = fixes.save_request(connection, client_id, request.wish, now, request_key=None, due=now)
            if request.note:
                read = notes.parse_note(request.note, *catalogue.load_vocabulary(connection))
                fixes.save_note(connection, fix_id, read.model_dump(mode="json"))
        self.ranker.rank([fix_id], now)
        with read_transaction(self.engine) as connection:
            row = fixes.load_fix(connection, fix_id)
            question = assembly.build_question(connection, row, now)
        answer = assembly.choose_box(Decider(), question)
        with write_transaction(self.engine) as connection:  # so that the client may ask again
            fixes.move_fix(connection, fix_id, FixState.CANCELLED, now)
        by_sku = {item.sku: item for item in parse_candidates(row)}
        return fix_id, [by_sku[sku] for sku in answer.decision.answer.skus]  # type: ignore[attr-defined]

    def load_wish(self, fix_id: FixId) -> FixWish:
        """Load what a Fix asks for, with what its note adds."""
        with read_transaction(self.engine) as connection:
            return parse_wish(fixes.load_fix(connection, fix_id))


@contextmanager
def open_demo_shop(start: datetime = START, **overrides: Any) -> Iterator[DemoShop]:
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
        yield DemoShop(settings, engine, FixRanker(context, Recommender(engine, settings), fits))
        engine.dispose()


def list_demo_requests(count: int, start: datetime = START) -> Sequence[ClientRequest]:
    """List the first `count` requests that the demo's clients would send."""
    asks: list[ClientRequest] = []
    day = 0
    while len(asks) < count:
        asks += list_requests(start, day % 5, shop.CLIENTS) if day < 5 else list_requests(start, 2 * day, shop.CLIENTS)
        day += 1
    return asks[:count]


NOW = START + timedelta(days=1)
