"""A must that the shop cannot meet is told with the Fix: in the language of the client's mail, in their own words."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.actors import SYSTEM
from models.fix_views import FixRequestBody, UnmetWish
from models.fixes import FixState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes import assembly
from services.fixes.fit import FitPredictor
from services.fixes.note_reading import load_words, read_by_rules
from services.fixes.ranking import FixRanker
from services.fixes.requests import request_fix
from services.recommendations.recommender import Recommender
from settings import Settings
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.views import find_unmet
from store.tables import clients
from tests.support.shop_services import NOW, StockedShop

NOTES = {
    "en": ("A skirt and boots please.", "Not in your box: “boots”. It is sold out in your size."),
    "de-AT": ("Bitte einen Rock und Stiefel.", "Nicht in der Box: „Stiefel“. In deiner Größe ist das ausverkauft."),
    "fr": ("Une jupe et des bottes.", "Pas dans la box : « bottes ». C'est épuisé dans votre taille."),
    "es-MX": ("Una falda y botas.", "No está en la caja: «botas». Está agotado en tu talla."),
    "ar": ("أريد تنورة وبوت.", "ليس في الصندوق: «بوت». نفد بمقاسك."),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def make_box(engine: Engine, home: Path, client_id: str, note: str) -> tuple[UnmetWish, ...]:
    """What a box does not meet, made for a note as the product makes it."""
    settings = Settings(home=home, _env_file=None)
    fix_id = request_fix(engine, SYSTEM, settings, client_id, FixRequestBody(note=note), NOW, NOW)
    with write_transaction(engine) as connection:
        read = read_by_rules(note, *load_words(settings, connection))
        fixes.save_note(connection, fix_id, read.model_dump(mode="json"))
    ranker = FixRanker(
        ServiceContext(settings, engine), Recommender(engine, settings), FitPredictor(engine, home).build_for_client
    )
    ranker.rank([fix_id], NOW)
    with write_transaction(engine) as connection:
        row = fixes.load_fix(connection, fix_id)
        answer = assembly.choose_box(Decider(), assembly.build_question(connection, row, NOW))
        assembly.save_box(Decider(), connection, row, answer, NOW)
    with read_transaction(engine) as connection:
        row = fixes.load_fix(connection, fix_id)
        assert row.state == FixState.ASSEMBLED
        return find_unmet(connection, row, row.box or ())


def test_sold_out_boots_are_told_in_five_languages(engine: Engine, home: Path) -> None:
    shop = StockedShop(engine)
    shop.item("skirt-1", "skirt", {"M": 5}, sizes=("M",))
    shop.item("shirt-1", "shirt", {"M": 5}, sizes=("M",))
    shop.item("boots-1", "shoes", {"39": 0}, sizes=("39",), title="Ashby leather ankle boots")
    for number, (locale, (note, told)) in enumerate(NOTES.items()):
        client_id = f"client{number}"
        shop.client(client_id, sizes=("M", "39"))
        with write_transaction(engine) as connection:
            connection.execute(clients.update().where(clients.c.client_id == client_id).values(locale=locale))
        unmet = {entry.key: entry for entry in make_box(engine, home, client_id, note)}
        assert unmet["category:shoes"].told == told
        assert unmet["category:shoes"].strength == "must"
        assert "category:skirt" not in unmet
