"""A client's own words outlive their erasure in no file of any model; what several clients say is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.shared_words import FEWEST, select_shared
from models.erasures import ErasureStep
from services.context import ServiceContext
from services.privacy import client_erasure
from services.training.fit import train_fit
from services.training.ranking import train_ranking
from services.training.risk import train_risk
from settings import Settings
from store.database import connect
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

OTHERS = 3 * FEWEST
OWN = ("owntag", "ownstyle", "owncolour", "owncategory", "ownsize", "ownword", "zuleika")
SHARED = ("sharedtag", "sharedsize")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The models of a shop in which `zuleika` said much that nobody else says, after her erasure."""
    home = tmp_path_factory.mktemp("own-words")
    engine = connect(f"sqlite:///{home / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    for item in ("a", "b", "c"):
        shop.item(item)
    shop.client("zuleika", first_name="Zuleika", tags=["owntag", "sharedtag"], sizes=["ownsize"])
    for k in range(OTHERS):
        shop.client(f"c{k}", tags=["sharedtag"], sizes=["sharedsize"])
    for number, client_id in enumerate(["zuleika", *(f"c{k}" for k in range(OTHERS))]):
        for item in "abc"[: 1 + number % 3]:
            shop.event(client_id, "order_placed", 1.0 + number, item_id=item, value="80")
        size = "ownsize" if client_id == "zuleika" else "sharedsize"
        said = {"kept": True, "fit": ["fit", "small"][number % 2], "size": size, "note": "ownword"}
        shop.event(client_id, "fix_feedback", 1.0, item_id="abc"[number % 3], **said)
    answers = {"styles": ["ownstyle"], "colours": ["owncolour"], "categories": ["owncategory"], "sizes": ["ownsize"]}
    shop.event("zuleika", "quiz_answered", 2.0, **answers)
    settings = Settings(home=home, _env_file=None)
    for algorithm in ("stacked", "hybrid"):
        train_ranking(engine, settings, algorithm, 1, NOW)
    train_risk(engine, settings, 30, NOW)
    train_fit(engine, settings, NOW)
    client_erasure.erase_client(ServiceContext(settings, engine), ErasureStep(client_id="zuleika", at=NOW))
    yield home
    engine.dispose()


def _read_all(home: Path) -> bytes:
    files = [path for path in (home / "artefacts").rglob("*") if path.is_file()]
    assert len({path.relative_to(home / "artefacts").parts[0] for path in files}) == 4
    return b"".join(path.read_bytes().replace(b"\0", b"").lower() for path in files)  # as bytes, and as wide characters


@pytest.mark.parametrize("word", OWN)
def test_no_file_holds_a_word_of_their_own(home: Path, word: str) -> None:
    assert word.encode() not in _read_all(home)


@pytest.mark.parametrize("word", SHARED)
def test_what_several_say_is_learnt(home: Path, word: str) -> None:
    assert word.encode() in _read_all(home)


def test_a_word_counts_once_for_a_client_however_it_is_written() -> None:
    often = [("ann", "XS"), ("ann", "xs "), ("bob", "xs")]
    assert select_shared(often) == frozenset()
    assert select_shared([*often, ("cat", "Xs")]) == {"xs"}
