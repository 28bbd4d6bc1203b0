"""What models and pages read of clients, brought up to the day: the nightly pass over the profiles, and the hours at
which mail is read."""

from __future__ import annotations

from temporalio import activity

from activities.heartbeat import beating
from models.refreshes import RefreshCount, RefreshStep
from services.context import ServiceContext
from store.clients import preferences
from store.database import read_transaction
from store.learning import refreshes
from store.mail import reading_hours


class GatherFeatures:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def gather_features(self, step: RefreshStep) -> RefreshCount:
        """Fold what had happened when the Refresh began; how many clients this attempt did. One that died leaves the
        rest to the next: each client says how far theirs is."""
        with read_transaction(self._context.engine) as connection:
            until = refreshes.days(refreshes.get(connection, step.refresh))[2]
        with beating():
            reading_hours.count(self._context.engine, until)
            return RefreshCount(count=preferences.fold(self._context.engine, until))
