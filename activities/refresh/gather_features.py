"""Bring up to date what models and pages read: clients' profiles, the hours at which mail is read, and how many each
saved segment holds."""

from __future__ import annotations

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from models.refreshes import RefreshCount, RefreshStep
from services.context import ServiceContext
from services.segments.daily_counts import record_counts
from store.clients import preferences
from store.database import read_transaction
from store.learning import refreshes
from store.mail import reading_hours


class FeatureSteps:
    """The step that updates the clients' features."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def gather_features(self, step: RefreshStep) -> RefreshCount:
        """Fold in what had happened when the Refresh began, and return how many clients this attempt did.

        An attempt that died leaves the rest to the next: each client's row says how far it is."""
        with read_transaction(self._context.engine) as connection:
            until = refreshes.parse_days(refreshes.load_refresh(connection, step.refresh))[2]
        with send_heartbeats():
            reading_hours.count_reading_hours(self._context.engine, until)
            record_counts(self._context.engine, until)
            return RefreshCount(count=preferences.fold_preferences(self._context.engine, until))
