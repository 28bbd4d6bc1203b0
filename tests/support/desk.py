"""Drafts on the desk for tests, with the text that the template writer makes of a usual brief."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from agents.template_writer import compose_draft
from models.drafts import HoldReason
from models.states import OutreachState
from services.review.holds import put_on_desk
from store.mail import ledger
from store.tables import outreaches
from tests.agents.briefs import brief
from tests.store.conftest import NOW


def put_draft(connection: Connection, client_id: str, n: int = 1, **fields: Any) -> str:
    """Put a mail of a client who is there on the desk, and return its id. `first_name`: of the brief."""
    about = brief(client_id=client_id, n=n, first_name=fields.pop("first_name", "Ana"))
    why = fields.pop("why", HoldReason.REFUSED)
    draft = compose_draft(about.model_copy(update={"client_id": "same"}))  # the writer varies its words by client
    values = {"reason_key": f"k{n}", "kind": about.kind, "phase": about.phase, "score": 50.0, "assessment_id": "a1"}
    values |= {"state": OutreachState.AWAITING_PERSON, "created_at": NOW, "updated_at": NOW, "composed_by": "model"}
    values |= {"brief": about.model_dump(mode="json"), "draft": draft.model_dump(mode="json"), **fields}
    connection.execute(insert(outreaches).values(client_id=client_id, n=n, **values))
    put_on_desk(connection, ledger.require_mail(connection, client_id, n), why, draft, about, NOW)
    return f"{client_id}:{n}"


def load_state(connection: Connection, client_id: str, n: int = 1) -> tuple[str, str]:
    """The state and the code of a mail."""
    of_mail = (outreaches.c.client_id == client_id) & (outreaches.c.n == n)
    row = connection.execute(select(outreaches.c.state, outreaches.c.code).where(of_mail)).one()
    return row.state, row.code
