"""`selvedge fixes show|list` as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import selvedge
from models.base import utc
from models.catalogue import StockRow
from models.fixes import FixItem, FixState, FixWish
from services.ingestion import item_intake
from store.database import write_transaction
from store.fixes import fixes, reservations
from tests.support.shop import Shop, a_shop

NOW = utc(2026, 11, 21, 7, 30)
NOTE = "Nothing over 90.\n\x1b[31mThe wedding is mine."


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["fixes", *words])
    assert done.exit_code == 0, done.output
    return done.output


def show_fix(fix_id: str) -> Any:
    return json.loads(run_command("show", fix_id, "--json"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    made = a_shop(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(made.settings.home))
    made.client("ann", now=NOW)
    yield made
    made.sink.stop()
    made.engine.dispose()


def piece(k: int, **fields: Any) -> FixItem:
    made = {"sku": f"item0{k}-M", "item_id": f"item0{k}", "size": "M", "category": f"kind{k}", "price_cents": 4_000}
    return FixItem.model_validate({**made, "score": round(0.9 - k / 10, 2), "p_fit": 0.8, **fields})


def propose_fix(shop: Shop, read: dict[str, Any] | None) -> str:
    """A box of item00 to item02; item03 may go in, item04 is too dear for the note, no unit of item05 is free."""
    pieces = [*map(piece, range(4)), piece(4, price_cents=9_001), piece(5)]
    with write_transaction(shop.engine) as connection:
        item_intake.put_stock(connection, [StockRow(sku="item05-M", item_id="item05", size="M", on_hand=0)])
        fix_id = fixes.save_request(connection, "ann", FixWish(slots=3, must_have=("kind0",), note=NOTE), NOW)
        if read is not None:
            fixes.save_note(connection, fix_id, read)
        kept = {"items": [entry.model_dump(mode="json") for entry in pieces]}
        fixes.move_fix(connection, fix_id, FixState.RANKED, NOW, values={"candidates": kept})
        fixes.move_fix(connection, fix_id, FixState.ASSEMBLED, NOW, values={"objective": 1.0})
        assert reservations.reserve_box(connection, fix_id, pieces[:3], NOW, None) == ()
        told = {"out": ["x"], "in": ["y"], "decided_by": "ana"}
        fixes.move_fix(connection, fix_id, FixState.PROPOSED, NOW)
        fixes.move_fix(connection, fix_id, FixState.PROPOSED, NOW, code="swapped", data=told)
    return fix_id


READ = {"by": "house", "fields": {"item_cap": "90"}, "said": ["Would spend up to 90 on one item."]}


def test_show_tells_the_note_what_was_read_in_it_and_what_may_go_in(shop: Shop) -> None:
    fix_id = propose_fix(shop, READ)
    found, said = show_fix(fix_id), run_command("show", fix_id)
    assert (found["note"], found["read_by"], found["said"]) == (NOTE, "house", READ["said"])
    assert 'note: "Nothing over 90. [31mThe wedding is mine."' in said, "nothing in it steers the terminal"
    assert "understood, by the rules: Would spend up to 90 on one item." in said
    assert [entry["sku"] for entry in found["offers"]] == ["item03-M"]
    assert found["offers"][0]["instead_of"] == ["item01-M", "item02-M"], "item00 is the one that must be there"
    assert found["offers"][0]["price_cents"] == 4_000
    assert "p(keep) 0.60  p(fit) 0.80  for item01-M or item02-M" in said
    assert (found["objective"], found["worth"]) == (1.0, pytest.approx(0.9 + 0.8 + 0.7))
    assert "the box is worth 2.40 kept items" in said
    assert "2026-11-21 07:30 UTC  proposed swapped ana" in said


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (None, "understood: not read"),
        ({"by": "model", "fields": {}, "said": []}, "understood, by the model: nothing that could be used"),
    ],
)
def test_show_says_when_nothing_was_understood(shop: Shop, read: dict[str, Any] | None, words: str) -> None:
    assert words in run_command("show", propose_fix(shop, read))


def test_show_of_a_box_that_is_decided_on_offers_nothing(shop: Shop) -> None:
    fix_id = propose_fix(shop, READ)
    with write_transaction(shop.engine) as connection:
        fixes.move_fix(connection, fix_id, FixState.APPROVED, NOW)
    assert show_fix(fix_id)["offers"] == []


def test_list_has_a_header_and_times_with_their_zone(shop: Shop) -> None:
    fix_id = propose_fix(shop, READ)
    header, line = run_command("list").splitlines()
    assert header.split() == ["fix", "state", "last", "step", "client", "code"]
    assert line.split() == [fix_id, "proposed", "2026-11-21", "07:30", "UTC", "ann", "swapped"]
    assert header.index("client") == line.index("ann")
    told = json.loads(run_command("list", "--json"))
    assert datetime.fromisoformat(told["updated_at"]).astimezone(UTC) == NOW
