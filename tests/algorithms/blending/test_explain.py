"""The words are true of the item and the client, carry no figure, and tell nothing of stock counts or margin."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings

from algorithms.blending import explain
from algorithms.blending.blend import Blend
from algorithms.blending.contracts import RankingRequest, Reason
from algorithms.blending.explain import ClientEvidence
from algorithms.blending.trend import Trend
from domain.histories import ClientSignals, Quiz
from models.catalogue import Season
from models.mail import Pick
from tests.algorithms.blending.test_blend import shops
from tests.algorithms.goods import NOW, item, touch

BOUGHT = item("had", category="dresses", brand="Harrow", colour="olive")
LOOKED = item("seen", category="coats", brand="Pike", colour="red")
KNOWN = {"had": BOUGHT, "seen": LOOKED}


def explain_item(thing, client: ClientSignals, **parts: float) -> str:
    given_parts = {"match": 0.0, "trend": 0.0, "inventory": 0.0, "margin": 0.0, "freshness": 0.0, "season": 0.0}
    pick = Pick(item_id=thing.item_id, score=sum(parts.values()), parts=given_parts | parts)
    return explain.explain_pick(pick, thing, ClientEvidence.of(client, KNOWN), NOW)


CHOSE = ClientSignals("c", quiz=Quiz(styles=("Boho",), colours=("Navy",), categories=("coats",)))
DID = ClientSignals("c", touches=(touch("had"), touch("seen", "item_viewed")))


@pytest.mark.parametrize(
    ("thing", "client", "parts", "words"),
    [
        (item("x", tags=("boho",)), CHOSE, {"match": 0.4}, "in the boho style you chose"),
        (item("x", colour="navy"), CHOSE, {"match": 0.4}, "in navy, a colour you chose"),
        (item("x", colour="red", category="coats"), CHOSE, {"match": 0.4}, "of a kind you chose"),
        (item("x", brand="Harrow"), DID, {"match": 0.4}, "from Harrow, which you bought before"),
        (item("x", category="dresses"), DID, {"match": 0.4}, "close to the dresses you bought before"),
        (item("x", colour="olive"), DID, {"match": 0.4}, "in olive, like what you bought before"),
        (item("x", category="coats"), DID, {"match": 0.4}, "close to the coats you looked at before"),
        (item("x"), DID, {"trend": 0.2}, "liked by many clients these weeks"),
        (item("x", added_at=NOW - timedelta(days=3)), DID, {"freshness": 0.1, "trend": 0.1}, ""),
        (item("x", season=Season.SUMMER), DID, {"season": 0.1}, "made for summer"),
        (item("x", season=Season.WINTER), DID, {"season": 0.1}, "picked from what is in stock"),
        (item("x"), ClientSignals("c", sizes=("M",)), {"margin": 0.1}, "in stock in your size"),
    ],
)
def test_phrases(thing, client, parts, words):
    assert explain_item(thing, client, **parts) == (words or "liked by many clients these weeks, new in")


def test_the_largest_parts_speak_and_small_ones_are_silent():
    fresh = item("x", colour="navy", added_at=NOW - timedelta(days=2))
    assert explain_item(fresh, CHOSE, match=0.4, trend=0.05, freshness=0.09) == "in navy, a colour you chose"


def test_a_piece_that_came_back_is_no_reason():
    back = ClientSignals("c", touches=(touch("had"), touch("had", "order_returned", 1)))
    assert "bought" not in explain_item(item("x", category="dresses"), back, match=0.4)


def test_a_figure_in_a_name_is_not_repeated():
    known = ClientSignals("c", touches=(touch("had"),))
    thing = item("x", brand="7 Harrow")
    pick = Pick(item_id="x", score=0.4, parts={"match": 0.4})
    words = explain.explain_pick(
        pick, thing, ClientEvidence.of(known, {"had": BOUGHT.model_copy(update={"brand": "7 Harrow"})}), NOW
    )
    assert not any(character.isdigit() for character in words)
    assert words


@settings(max_examples=60)
@given(shops())
def test_every_pick_has_words_without_figures(shop):
    catalogue, client, exclude = shop
    blend = Blend(catalogue, Trend(np.ones(len(catalogue)), {}))
    known = {i.item_id: i for i in catalogue.items}
    for pick in blend.rank(RankingRequest(client_id="c", n=6, now=NOW, exclude=exclude), client):
        words = explain.explain_pick(pick, known[pick.item_id], ClientEvidence.of(client, known), NOW)
        assert words
        assert not any(c.isdigit() for c in words)
        assert "margin" not in words


@pytest.mark.parametrize(
    ("reason", "client", "words"),
    [
        (Reason("history", "had"), DID, "taken by clients who also took Plain dress, which you bought"),
        (Reason("history", "seen"), DID, "taken by clients who also took Long coat, which you looked at"),
        (Reason("history", "sent-back"), DID, "close to the dresses you bought before"),
        (Reason("cohort"), DID, "popular with clients like you"),
        (Reason("cohort"), CHOSE, "in navy, a colour you chose"),
        (Reason("words"), DID, "close to the dresses you bought before"),
        (Reason("popular"), DID, "close to the dresses you bought before"),
    ],
)
def test_what_the_model_says_is_told_where_it_is_true(reason, client, words):
    """Nothing is called popular that nobody took lately; what was sent back is not quoted."""
    known = {i.item_id: i.model_copy(update={"title": t}) for i, t in ((BOUGHT, "Plain dress"), (LOOKED, "Long coat"))}
    pick = Pick(item_id="x", score=0.4, parts={"match": 0.4, "trend": 0.0})
    thing = item("x", category="dresses")
    assert explain.explain_pick(pick, thing, ClientEvidence.of(client, known), NOW, reason) == words


def test_a_title_with_a_figure_is_not_quoted():
    known = {"had": BOUGHT.model_copy(update={"title": "Size 10 dress"})}
    pick = Pick(item_id="x", score=0.4, parts={"match": 0.4})
    explain_item = explain.explain_pick(pick, item("x"), ClientEvidence.of(DID, known), NOW, Reason("history", "had"))
    assert explain_item == "picked from what is in stock"


def test_in_one_mail_no_kind_of_reason_stands_twice():
    said: set[str] = set()
    things = [item(f"x{n}", tags=("boho",), colour="navy", category="coats") for n in range(5)]
    evidence = ClientEvidence.of(CHOSE, KNOWN)
    picks = [Pick(item_id=thing.item_id, score=0.4, parts={"match": 0.4}) for thing in things]
    words = [explain.explain_pick(p, thing, evidence, NOW, said=said) for p, thing in zip(picks, things, strict=True)]
    assert words == [
        "in the boho style you chose",
        "in navy, a colour you chose",
        "of a kind you chose",
        "picked from what is in stock",
        "",
    ]
