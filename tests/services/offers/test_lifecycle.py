"""Offers as people of the shop make them: saved, approved, retired, and refused where they cannot be meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select

from errors import BadInput, NotAllowed, NotFound
from models.actors import Actor, Channel, Role
from models.offers import Offer, OfferOrder
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from services.offers.views import list_offers, show_offer
from settings import Settings
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import activity
from tests.store.conftest import NOW, REAL, database, engine, policy
from tests.store.seeds import seed_items

__all__ = ["database", "engine", "policy"]

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)
MARKETER = Actor(who="mia", role=Role.MARKETER, channel=Channel.PAGE)
ORDER = OfferOrder(name="Summer", code="Summer20", percent=20, until=(NOW + timedelta(days=6)).date())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, shop_time_zone="America/New_York", _env_file=None)


def save(engine: Engine, settings: Settings, slug: str = "summer", actor: Actor = MARKETER, **terms: Any) -> Offer:
    order = OfferOrder.model_validate(ORDER.model_dump() | terms)
    return save_offer(engine, actor, slug, order, settings, NOW, REAL)


def test_a_marketer_drafts_and_somebody_with_the_right_approves(engine: Engine, settings: Settings) -> None:
    drafted = save(engine, settings)
    assert (drafted.stands, drafted.summary) == (
        "draft",
        "20% off everything with Summer20, until 7 June 2026, 1 use a client",
    )
    assert save(engine, settings, percent=15).terms.percent == 15
    with pytest.raises(NotAllowed, match="marketer"):
        approve_offer(engine, MARKETER, "summer", settings, NOW, REAL)
    live = approve_offer(engine, OWNER, "summer", settings, NOW, REAL)
    assert (live.stands, live.created_by, live.decided_by) == ("live", "mia", "olga")
    assert approve_offer(engine, OWNER, "summer", settings, NOW, REAL) == live
    assert save(engine, settings, percent=15) == live
    with pytest.raises(BadInput, match=r"^slug: summer is live, and its terms stay"):
        save(engine, settings, percent=20)
    assert retire_offer(engine, MARKETER, "summer", settings, NOW, REAL).stands == "retired"
    with pytest.raises(BadInput, match="retired"):
        approve_offer(engine, OWNER, "summer", settings, NOW, REAL)
    with read_transaction(engine) as connection:
        actions = list(connection.scalars(select(activity.c.action).order_by(activity.c.id)))
    assert actions == ["offer.create", "offer.create", "offer.approve", "offer.retire"]
    assert [one.slug for one in list_offers(engine, settings, NOW).offers] == ["summer"]


def test_the_last_day_of_an_offer_ends_where_the_shop_is(engine: Engine, settings: Settings) -> None:
    save(engine, settings)
    approve_offer(engine, OWNER, "summer", settings, NOW, REAL)
    midnight = NOW.replace(day=8, hour=4, minute=0)  # in New York
    assert show_offer(engine, "summer", settings, midnight - timedelta(seconds=1)).stands == "live"
    assert show_offer(engine, "summer", settings, midnight).stands == "expired"


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"code": "SUMMER20"}, r"^code: SUMMER20 is the code of first"),
        ({"until": "2026-05-31"}, r"^until: 2026-05-31 has passed in America/New_York"),
        ({"categories": ["knitt"]}, r"^categories: no item is of the category knitt; did you mean knit"),
        ({"items": ["jumper", "gown"]}, r"^items: the catalogue has no item gown"),
    ],
    ids=range(4),
)
def test_terms_that_cannot_be_meant_are_refused(
    engine: Engine, settings: Settings, policy: ShopPolicy, terms: dict[str, Any], message: str
) -> None:
    with write_transaction(engine) as connection:
        seed_items(connection, policy, "jumper")
    save(engine, settings, "first")
    with pytest.raises(BadInput, match=message):
        save(engine, settings, "second", **{"code": "OTHER", **terms})
    with pytest.raises(NotFound):
        show_offer(engine, "second", settings, NOW)


@pytest.mark.parametrize(
    "wrong",
    [{"percent": None}, {"amount": "5"}, {"percent": 0}, {"percent": 101}, {"code": "a b"}, {"until": 20}, {"uses": 0}],
    ids=str,
)
def test_terms_that_say_nothing_are_no_terms(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OfferOrder.model_validate(ORDER.model_dump(mode="json") | wrong)
