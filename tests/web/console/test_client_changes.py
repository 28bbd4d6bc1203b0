"""A client's page lists who changed what about them."""

from __future__ import annotations

from fastapi.testclient import TestClient

from domain.permissions import Action
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from store.activity import write_activity
from store.database import write_transaction
from tests.web import sample_shop


def test_a_client_s_page_lists_who_changed_what(site: TestClient) -> None:
    client_id = "ada"
    assert "Who changed what" not in site.get(f"/clients/{client_id}").text
    actor = Actor(who="<eve>", role=Role.OWNER, channel=Channel.COMMAND)
    with write_transaction(site.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
        write_activity(connection, actor, Action.PAUSE_CLIENT, subject, sample_shop.NOW, sample_shop.NOW)
    page = site.get(f"/clients/{client_id}").text
    assert "Mail to a client paused <small>by &lt;eve&gt;, by command</small>" in page
