"""One artefact serves a slot at a time."""

from __future__ import annotations

from store.database import read_transaction, write_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact
from tests.support.shop_services import NOW


def build_artefact(name: str, **values) -> Artefact:
    usual = {
        "slot": "ranking",
        "algorithm": "hybrid",
        "path": artefacts.build_path(name),
        "created_at": NOW,
        "live": True,
    }
    return Artefact(id=name, **{**usual, **values})


def test_the_newest_live_one_takes_over(engine):
    with write_transaction(engine) as connection:
        assert artefacts.find_live(connection, "ranking") is None
        artefacts.add_artefact(connection, build_artefact("one", metrics={"model_share": 0.25}, window_until=NOW))
        assert artefacts.find_live(connection, "ranking") == build_artefact(
            "one", metrics={"model_share": 0.25}, window_until=NOW
        )
        artefacts.add_artefact(connection, build_artefact("two"))
        artefacts.add_artefact(connection, build_artefact("three", live=False))
        artefacts.add_artefact(connection, build_artefact("other", slot="session"))
    with read_transaction(engine) as connection:
        live, other = artefacts.find_live(connection, "ranking"), artefacts.find_live(connection, "session")
    assert live is not None
    assert other is not None
    assert (live.id, live.path, other.id) == ("two", "artefacts/two", "other")
