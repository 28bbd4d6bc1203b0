"""`selvedge import` and `selvedge migrate` as an operator calls them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

import cli
from store.database import connect, read_transaction, write_transaction
from store.events import outbox
from store.migrate import VERSIONS
from store.tables import clients

NEWEST = max(VERSIONS.glob("[0-9]*.py")).name[:4]
CLIENTS = "client_id,email\nann,ann@shop.example\nbob,bob@shop.example\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of `selvedge ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["selvedge", *arguments])
    return cli.run()


def test_all_in_is_0_and_again_is_nothing_new(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    assert "2 new" in capsys.readouterr().out
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    assert "0 new, 0 changed, 2 already there, 0 rejected" in capsys.readouterr().out


def test_some_rejected_is_2_and_the_summary_is_json_on_request(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(CLIENTS + "cleo,nowhere\n")
    assert call(monkeypatch, "import", "clients", "clients.csv", "--json") == 2
    summary = orjson.loads(capsys.readouterr().out)
    assert (summary["rows"], summary["new"], summary["rejected"]) == (3, 2, 1)
    assert orjson.loads(Path(summary["rejects"]).read_bytes())["field"] == "email"


@pytest.mark.parametrize(
    ("file", "content", "hint"),
    [("none.csv", None, "No such file"), ("clients.csv", "client_id,mail\nx,y\n", "'email'")],
)
def test_nothing_read_is_1_with_one_line(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    content: str | None,
    hint: str,
) -> None:
    if content is not None:
        (home / file).write_text(content)
    assert call(monkeypatch, "import", "clients", file) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert hint in output.err


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("nonsense", "SELVEDGE_DATABASE_URL"),
        ("mysql://x/y", "SELVEDGE_DATABASE_URL"),
        ("postgresql+psycopg://x@127.0.0.1:1/y?connect_timeout=2", "SELVEDGE_DATABASE_URL"),
        ("sqlite:////proc/none/x.db", "SELVEDGE_DATABASE_URL"),
    ],
)
def test_a_wrong_database_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, hint: str
) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    monkeypatch.setenv("SELVEDGE_DATABASE_URL", url)
    for arguments in (("import", "clients", "clients.csv"), ("migrate",)):
        assert call(monkeypatch, *arguments) == 1
        output = capsys.readouterr().err
        assert output.count("\n") == 1
        assert hint in output


def test_the_shops_time_zone_comes_from_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_SHOP_TIME_ZONE", "America/Lima")
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv", "--no-start") == 0
    engine = connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")
    with read_transaction(engine) as connection:
        assert set(connection.scalars(select(clients.c.time_zone))) == {"America/Lima"}
    engine.dispose()


def test_migrate_says_what_it_did(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "migrate") == 0
    assert f"is now at revision {NEWEST}" in capsys.readouterr().out
    assert call(monkeypatch, "migrate") == 0
    assert f"was already at revision {NEWEST}" in capsys.readouterr().out


def run_import(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = call(monkeypatch, "import", *arguments)
    output = capsys.readouterr()
    return status, output.out + output.err


def test_a_stray_quote_is_named_with_what_it_swallowed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"c-{k},p{k}@example.com,N{k}" for k in range(300)]
    rows[2] = 'c-2,p2@example.com,"Ann'
    (home / "clients.csv").write_text("client_id,email,first_name\n" + "\n".join(rows) + "\n")
    status, text = run_import(monkeypatch, capsys, "clients", "clients.csv")
    assert status == 2
    assert "299 new, 0 changed, 0 already there, 1 rejected" in text
    reject = orjson.loads((home / "clients.csv.rejects.jsonl").read_bytes())
    assert reject["line"] == 4
    assert "swallowed the next 297 lines" in reject["reason"]


def test_what_a_file_leaves_unsaid_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(
        'client_id,email,first_name,tags\na,a@x.example,NULL,vip\nb,b@x.example,b@x.example,"vip, new"\n,,,\n'
        "c,c@x.example,Nan,vip|new\nd,d@x.example,nan,NULL\n"
    )
    status, text = run_import(monkeypatch, capsys, "clients", "clients.csv")
    assert status == 0
    assert "nobody of these may be mailed: no consent column" in text
    assert "3 whose first name is none" in text
    assert "1 with NULL, nan or N/A in a cell: taken as empty" in text
    assert "1 with a list in one piece" in text
    assert "1 blank rows skipped" in text
    with read_transaction(connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")) as connection:
        names = dict(connection.execute(select(clients.c.client_id, clients.c.first_name)).all())
    assert names == {"a": "", "b": "", "c": "Nan", "d": ""}


def test_a_file_may_have_its_own_names_and_marks(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_bytes(
        "Nr;E-Mail;Vorname;consent;tags\n1;a@x.example;Jörg;true;vip, new\n".encode("cp1252")
    )
    options = ("--columns", "client_id=Nr,email=E-Mail", "--columns", "first_name=Vorname", "--delimiter", ";")
    status, text = run_import(
        monkeypatch, capsys, "clients", "clients.csv", *options, "--encoding", "cp1252", "--lists", ","
    )
    assert (status, "1 new" in text) == (0, True)
    with read_transaction(connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")) as connection:
        row = connection.execute(select(clients.c.first_name, clients.c.tags, clients.c.consent)).one()
    assert (row.first_name, list(row.tags), row.consent) == ("Jörg", ["vip", "new"], True)


def run_go(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert call(monkeypatch, "go", "--json", *options) == 0
    summary: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    return summary


def count_due(home: Path) -> int:
    engine = connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")
    with write_transaction(engine) as connection:
        leases = outbox.lease_nudges(connection, 100, datetime.now(UTC), 0)
    engine.dispose()
    return len(leases)


def test_nothing_acts_on_what_was_imported_before_the_shop_says_go(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(
        "client_id,email,consent,sizes\nann,ann@shop.example,true,M\nbob,x@shop.example,true,XXL\n"
        "cleo,X@shop.example,,\n"
    )
    (home / "catalogue.csv").write_text("item_id,title,category,price,sizes\nk,Jumper,knit,50,M\n")
    (home / "stock.csv").write_text("sku,item_id,size,on_hand\nk-M,k,M,3\n")
    (home / "events.csv").write_text(
        "event_id,client_id,type,occurred_at,item_id,value\n"
        "e1,ann,signed_up,2025-01-01T00:00:00Z,,\ne2,ann,order_placed,2025-02-01T00:00:00Z,k,50\n"
    )
    for kind in ("clients", "catalogue", "stock", "events"):
        assert call(monkeypatch, "import", kind, f"{kind}.csv") == 0
    capsys.readouterr()
    assert count_due(home) == 0
    expected = {
        "waiting": 3,
        "may_be_mailed": 2,
        "without_consent": 1,
        "without_orders": 2,
        "without_sizes": 1,
        "without_stock_in_size": 1,
        "sharing_an_address": 2,
        "stock_is_empty": False,
        "shared_mailboxes": {"clients": 2, "mailboxes": 1, "examples": [["bob", "cleo"]]},
    }
    assert run_go(monkeypatch, capsys, "--look") == {**expected, "nudges": 0}
    assert count_due(home) == 0
    assert call(monkeypatch, "why-not", "ann") == 0
    assert "before the shop says go" in capsys.readouterr().out
    assert run_go(monkeypatch, capsys) == {**expected, "nudges": 3}
    assert count_due(home) == 3
    assert run_go(monkeypatch, capsys)["waiting"] == 0


def test_an_import_and_the_go_name_the_ids_that_share_a_mailbox(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"shop-{n:02},{'Ann.Lee' if n % 2 else 'ann.lee'}@Example.com,true\n" for n in range(20))
    (home / "clients.csv").write_text(f"client_id,email,consent\n{rows}bob,bob@example.com,true\n")
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    named = "20 clients share one mailbox, which is mailed as one (shop-00, shop-01, shop-02, shop-03, shop-04)"
    assert named in capsys.readouterr().out
    assert call(monkeypatch, "go", "--look") == 0
    out = capsys.readouterr().out
    assert named in out
    assert "20 share an address with another" in out


def test_an_import_may_start_clients_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv", "--start") == 0
    assert count_due(home) == 2


def test_an_event_of_a_client_who_waits_starts_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    engine = connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "client", ["ann", "new"], datetime.now(UTC))
    engine.dispose()
    assert count_due(home) == 1
