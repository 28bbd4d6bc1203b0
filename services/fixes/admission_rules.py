"""Decide whether a client may have the Fix that was saved for them."""

from __future__ import annotations

from sqlalchemy import Connection

from errors import NotFound
from models.fixes import FixAdmission
from store.clients import clients
from store.fixes.rows import FixRow


def explain_refusal(connection: Connection, admission: FixAdmission, row: FixRow) -> tuple[str, str]:
    """Return the code and the sentence with which the Fix is refused, both empty where it is not."""
    if row.client_id != admission.client_id:
        return NotFound.code, "fix_id: no such Fix of this client"
    if clients.load_client(connection, admission.client_id) is None:
        return NotFound.code, "client_id: no client has this id"
    return "", ""
