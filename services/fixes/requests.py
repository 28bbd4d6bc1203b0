"""Request a Fix."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine

from models.base import ClientId
from models.fix_views import FixRequestBody
from models.fixes import FixId
from settings import Settings
from store.database import write_transaction
from store.fixes import requests


def request_fix(
    engine: Engine, settings: Settings, client_id: ClientId, request: FixRequestBody, now: datetime
) -> FixId:
    """Save a client's request for a Fix and return the Fix's id; its workflow is started by the caller.

    Raises: NotFound for a client who is not known, BadInput for a request that cannot be met.
    """
    wait = timedelta(days=settings.fix_wave_wait_days)
    with write_transaction(engine) as connection:
        return requests.request_fix(connection, client_id, request, now, wait=wait, signing_key=settings.keys.signing)
