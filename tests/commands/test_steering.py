"""`selvedge campaign` and `selvedge client` as an owner calls them: what needs no Temporal, and what is refused."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import cli
from store.database import connect, read_transaction
from store.events import outbox
from tests.support.ports import free_port

Call = Callable[..., int]
NAMED = ("campaign", "create", "spring", "--name", "Spring edit", "--phase", "active", "--tag", "vip", "--json")
SPRING = (*NAMED, "--even-if-empty")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The exit status of `selvedge ARGUMENTS` on an empty shop whose Temporal is away."""
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.setenv("SELVEDGE_TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)

    def run_command(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["selvedge", *arguments])
        return cli.run()

    return run_command


def test_a_campaign_is_created_once_and_its_start_waits_for_temporal(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*SPRING) == 0
    assert call(*SPRING) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["slug"], first["state"], first["enrolled"]) == ("spring", "running", 0)
    assert second == first
    with read_transaction(connect(f"sqlite:///{tmp_path / 'selvedge.db'}")) as connection:
        assert outbox.count_pending(connection) == 1


def test_a_preview_creates_nothing(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*SPRING, "--preview") == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"slug": "spring", "to_be_mailed": 0, "held_out": 0, "no_consent": 0, "minutes": 0}
    assert call("campaign", "status", "spring") == 1


def test_the_status_is_read_without_temporal(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call(*SPRING)
    capsys.readouterr()
    assert call("campaign", "status") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["slug             spring", "state            running"]
    assert call("campaign", "status", "autumn") == 1
    assert capsys.readouterr().err == "selvedge: slug: no campaign autumn\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("campaign", "create", "spring", "--name", "Other", "--even-if-empty"),
            "slug: spring exists with other terms",
        ),
        (("campaign", "create", "s p", "--name", "A"), "slug: must be 1 to 64 letters"),
        (
            ("campaign", "create", "a", "--name", "A", "--message", "See www.shop.com"),
            "message: \u201cSee www.shop.com\u201d: a web address",
        ),
        (("campaign", "create", "a", "--name", "A", "--throughput", "0"), "throughput_per_minute: "),
        (("campaign", "create", "a", "--name", "A", "--ends-at", "2026-12-01"), "ends_at: has no offset"),
        (("client", "adjust", "ann", "--hour", "24"), "preferred_hour: must be less than or equal to 23"),
        (("client", "pause", "ann", "--reason", "x" * 200), "reason: "),
        (("client", "adjust", "ann"), "give --max-per-week, --hour or --not-before"),
        (("campaign", "adjust", "spring"), "give --message, --voice, --throughput, --priority"),
        (
            ("campaign", "adjust", "spring", "--message", "See www.shop.com"),
            "message: \u201cSee www.shop.com\u201d: a web",
        ),
        (
            ("campaign", "adjust", "spring", "--ends-at", "2020-01-01T00:00Z"),
            "ends_at: 2020-01-01 00:00 UTC has passed",
        ),
        (("campaign", "create", "a", "--name", "A", "--tag", "vip"), "tags: no client carries the tag 'vip'"),
        (("campaign", "create", "a", "--name", "A"), "audience: nobody is in it now; --even-if-empty"),
        (("campaign", "people", "autumn"), "slug: no campaign autumn"),
        (("campaign", "retry", "spring", "--client", "ann"), "client_ids: spring has no client ann"),
        (("client", "status", "ann"), "SELVEDGE_TEMPORAL_ADDRESS: no Temporal server answers"),
        (("client", "pause", "ann"), "client_id: no client has this id"),
        (("campaign", "resume", "autumn", "--overdue", "expire"), "slug: no campaign autumn"),
    ],
)
def test_a_bad_order_is_one_line_that_names_what_to_mend(
    call: Call, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    call(*SPRING)
    capsys.readouterr()
    assert call(*arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"selvedge: {words}"), err
    assert err.count("\n") == 1


def test_an_hour_in_the_quiet_hours_is_kept_and_questioned(
    call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clients.csv").write_text("client_id,email\nann,ann@shop.example\n")
    assert call("import", "clients", str(tmp_path / "clients.csv")) == 0
    assert call("client", "adjust", "ann", "--hour", "23") == 0
    assert "--hour: 23:00 lies in the shop's quiet hours, 21:00 to 8:00: mail goes at 8:00" in capsys.readouterr().err
    assert call("client", "adjust", "ann", "--hour", "9") == 0
    assert capsys.readouterr().err == ""


def test_the_files_of_a_preview_are_private(call: Call, tmp_path: Path) -> None:
    out = tmp_path / "previews"
    call(*SPRING)
    assert call("campaign", "preview", "spring", "--out", str(out)) == 0
    (out / "preview.json").chmod(0o644)
    assert call("campaign", "preview", "spring", "--out", str(out)) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()] == [0o600]
