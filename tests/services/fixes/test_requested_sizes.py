"""Sizes that a request for a Fix names pass the table of sizes, as those of the catalogue and of clients do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from errors import BadInput
from models.actors import SYSTEM
from models.fix_views import FixRequestBody
from services.fixes.requests import request_fix
from settings import Settings
from store.database import read_transaction
from store.tables import fixes
from tests.support.shop_services import NOW, StockedShop


@pytest.fixture
def shop(engine: Engine) -> StockedShop:
    made = StockedShop(engine)
    made.item("coat", "coats", {"S": 5, "M": 5}, sizes=("S", "M"))
    made.item("jeans", "trousers", {"42": 5}, sizes=("42",))
    made.client("ada")
    return made


def ask(shop: StockedShop, settings: Settings, **wishes: Any) -> dict[str, Any]:
    """The wish as it is stored."""
    body = FixRequestBody.model_validate(wishes)
    fix_id = request_fix(shop.engine, SYSTEM, settings, "ada", body, NOW, NOW)
    with read_transaction(shop.engine) as connection:
        stored: dict[str, Any] = connection.scalar(select(fixes.c.wish).where(fixes.c.fix_id == fix_id)) or {}
    return stored


def test_sizes_are_stored_under_the_names_of_the_shop(shop: StockedShop, tmp_path: Path) -> None:
    (tmp_path / "sizes.toml").write_text('[sizes]\n"Tall" = "M"\n')
    settings = Settings(home=tmp_path, size_table=tmp_path / "sizes.toml", _env_file=None)
    wish = {"kind": "size", "value": "Small", "category": "coats"}
    stored = ask(shop, settings, sizes=["Medium", "m", "EU 42", "Tall"], wishes=[wish, {**wish, "value": "9"}])
    assert stored["sizes"] == ["M", "42"]
    assert [one["value"] for one in stored["wishes"]] == ["S", "9"]


def test_a_size_that_nothing_comes_in_is_refused_with_those_that_there_are(shop: StockedShop, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    with pytest.raises(BadInput, match=r"^sizes: nothing comes in '6XL'; there are S, M, 42$"):
        ask(shop, settings, sizes=["M", "6XL"])
    assert ask(shop, settings)["sizes"] == []
