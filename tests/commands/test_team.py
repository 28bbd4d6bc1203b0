"""`selvedge team` and `selvedge keys`, as whoever owns the machine uses them; and the link of the first start."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from cli import selvedge
from errors import ConfigError
from services.schema import bring_up_to_date
from services.team.invitations import LinkBase, accept_invitation, build_first_link
from services.team.open_pages import require_made_up_people
from settings import Settings, load
from store.database import connect, write_transaction
from store.tables import clients


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(selvedge, arguments)


def test_people_are_invited_changed_disabled_and_let_in_again() -> None:
    assert "prints a link that makes the owner" in call("team", "list").output
    invited = call("team", "invite", "Mia", "--role", "marketer").output
    assert "http://127.0.0.1:8000/invitation/" in invited
    assert call("team", "role", "mia", "viewer").output == "Mia is viewer\n"
    assert call("team", "disable", "Mia").output == "Mia is disabled\n"
    assert json.loads(call("team", "reset", "Mia", "--json").stdout)["account"]["state"] == "invited"
    assert "Mia" in call("team", "list").output
    assert "role: is the role of clients" in str(call("team", "invite", "X", "--role", "client").exception)
    assert "nobody has an account of this name" in str(call("team", "disable", "Una").exception)
    done = [row["action"] for row in json.loads(call("activity", "list", "--subject", "account:Mia", "--json").stdout)]
    assert done == ["team.reset", "team.disable", "team.set_role", "team.invite"]


def test_keys_are_made_listed_and_revoked() -> None:
    secret = call("keys", "create", "feed", "--role", "operator", "--only", "data.accept_events").output.strip()
    assert secret.startswith("selvedge_")
    listed = call("keys", "list").output
    assert "only data.accept_events" in listed
    assert "never used" in listed
    assert secret.split("_")[-1] not in listed
    assert "name: a key of this name is in force" in str(call("keys", "create", "feed", "--role", "viewer").exception)
    assert "'all' is no permission" in str(call("keys", "create", "x", "--role", "viewer", "--only", "all").exception)
    assert call("keys", "revoke", "feed").output == "feed is revoked\n"
    assert "is revoked already" in str(call("keys", "revoke", "feed").exception)


def test_the_first_link_makes_an_owner_and_then_there_is_none() -> None:
    settings = load()
    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    base, now = LinkBase(settings.base_url, settings.keys.signing), datetime.now(UTC)
    token = build_first_link(engine, base).rpartition("/")[2]
    accept_invitation(engine, settings.keys.signing, token, "Ola", "three blind mice", now, now)
    assert build_first_link(engine, base) == ""
    assert call("team", "list").output.startswith("Ola")
    engine.dispose()


def test_pages_open_without_a_sign_in_for_made_up_people_on_this_machine_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_OPEN_PAGES"):
        Settings(home=tmp_path, open_pages=True, web_host="0.0.0.0", _env_file=None)
    settings = Settings(home=tmp_path, open_pages=True, _env_file=None)
    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    person = {"time_zone": "UTC", "signed_up_at": datetime.now(UTC), "consent": True}
    with write_transaction(engine) as connection:
        for n, email in enumerate(("a@example.com", "b@mail.example.org", "c@shop.example", "d@x.TEST")):
            connection.execute(insert(clients).values(client_id=f"c{n}", email=email, **person))
    require_made_up_people(engine)
    with write_transaction(engine) as connection:
        connection.execute(insert(clients).values(client_id="real", email="e@notexample.com", **person))
    with pytest.raises(ConfigError, match="1 clients have addresses that may be real"):
        require_made_up_people(engine)
    engine.dispose()
