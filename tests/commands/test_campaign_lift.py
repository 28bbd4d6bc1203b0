"""`selvedge campaign create` says whom it holds out, and `campaign lift` what that shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from domain.holdouts import assign_arm, build_re_engagement_slug
from models.states import Arm
from store.database import connect, write_transaction
from store.tables import enrolments, events
from tests.commands.test_steering import SPRING, Call, call  # noqa: F401 - a fixture

CLIENTS = 1_500


def simulate_orders(home: Path, slug: str, experiment: str, share: float) -> dict[Arm, int]:
    """Enrol CLIENTS a month ago; of the treated every second ordered, of the control every tenth. How many of each."""
    at, sides = datetime.now(UTC) - timedelta(days=31), {Arm.TREATED: 0, Arm.CONTROL: 0}
    with write_transaction(connect(f"sqlite:///{home / 'selvedge.db'}")) as connection:
        for n in range(CLIENTS):
            client_id = f"c{n}"
            side = assign_arm(experiment, client_id, share)
            sides[side] += 1
            row = {"campaign": slug, "client_id": client_id, "entry": "1", "state": "done", "code": "", "arm": side}
            connection.execute(insert(enrolments).values(**row, enrolled_at=at, at=at))
            if sides[side] % (2 if side is Arm.TREATED else 10) == 0:
                sold = {"event_id": f"o{n}", "client_id": client_id, "type": "order_placed", "value_cents": 5_000}
                connection.execute(insert(events).values(**sold, occurred_at=at + timedelta(days=1)))
    return sides


def test_creating_says_plainly_that_a_tenth_is_held_out(call: Call, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(*SPRING[:-2], "--even-if-empty") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("10% of its clients are held out and not mailed")
    assert call("campaign", "create", "all", "--name", "All", "--control-share", "0", "--even-if-empty") == 0
    assert "held out and" not in capsys.readouterr().out


@pytest.mark.parametrize("slug", ["spring", "re-engagement"])
def test_the_lift_is_told_in_words_and_as_json(
    call: Call,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    slug: str,
) -> None:
    monkeypatch.setenv("SELVEDGE_HOLDOUT_SHARE", "0.2")
    assert call(*SPRING, "--control-share", "0.2") == 0
    sides = simulate_orders(tmp_path, build_re_engagement_slug(0.2) if slug == "re-engagement" else slug, slug, 0.2)
    capsys.readouterr()
    assert call("campaign", "lift", slug) == 0
    assert "beyond chance" in capsys.readouterr().out
    assert call("campaign", "lift", slug, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["treated"] == {
        "clients": sides[Arm.TREATED],
        "waiting": 0,
        "ordered": sides[Arm.TREATED] // 2,
        "orders": sides[Arm.TREATED] // 2,
        "revenue_cents": sides[Arm.TREATED] // 2 * 5_000,
    }
    assert told["control"]["ordered"] == sides[Arm.CONTROL] // 10
    assert 0.1 < told["conversion"]["low"] < 0.4 < told["conversion"]["high"] < 0.6
    assert told["conversion"]["p_value"] < 0.01
    assert told["enough"]


def test_a_campaign_that_is_not_there_is_one_line(call: Call, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call("campaign", "lift", "none") == 1
    assert capsys.readouterr().err == "selvedge: slug: no campaign none\n"


def test_a_shop_that_holds_nobody_out_of_re_engagement_is_told_so(
    call: Call,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("campaign", "lift", "re-engagement") == 0
    assert "holds nobody out" in capsys.readouterr().out
