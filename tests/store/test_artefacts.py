"""One artefact serves a slot at a time."""

from __future__ import annotations

from store.database import read_transaction, write_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact
from tests.support.stocked import NOW


def made(name: str, **values) -> Artefact:
    usual = {"slot": "ranking", "algorithm": "hybrid", "path": artefacts.path_of(name), "created_at": NOW, "live": True}
    return Artefact(id=name, **{**usual, **values})


def test_the_newest_live_one_takes_over(engine):
    with write_transaction(engine) as connection:
        assert artefacts.live(connection, "ranking") is None
        artefacts.add(connection, made("one", metrics={"model_share": 0.25}, window_until=NOW))
        assert artefacts.live(connection, "ranking") == made("one", metrics={"model_share": 0.25}, window_until=NOW)
        artefacts.add(connection, made("two"))
        artefacts.add(connection, made("three", live=False))
        artefacts.add(connection, made("other", slot="session"))
    with read_transaction(engine) as connection:
        live, other = artefacts.live(connection, "ranking"), artefacts.live(connection, "session")
    assert live is not None
    assert other is not None
    assert (live.id, live.path, other.id) == ("two", "artefacts/two", "other")
