"""Report drift: compare features and scores of the latest days with those of as many days before."""

from __future__ import annotations

import logging

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from domain.drift import measure_drift
from models.refreshes import RefreshCount, RefreshState, RefreshStep
from services.context import ServiceContext
from services.training import drift_report
from store.database import write_transaction
from store.learning import refreshes

log = logging.getLogger(__name__)


class DriftSteps:
    """The step that writes the drift report."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def compare_windows(self, step: RefreshStep) -> RefreshCount:
        """Compare both stretches of days, save the report and return the number of alarms."""
        with write_transaction(self._context.engine) as connection:
            refreshes.update_report(connection, step.refresh, state=RefreshState.COMPARING)
            days = refreshes.parse_days(refreshes.load_refresh(connection, step.refresh))
        with send_heartbeats():
            samples = drift_report.load_samples(self._context, days)
            alarm_at = self._context.settings.refresh_drift_alarm
            compared = [measure_drift(name, *values, alarm_at) for name, values in samples.items()]
        drift = tuple(item for item in compared if item is not None)
        for item in drift:
            if item.alarm:
                log.warning("%s has moved: %.3f apart from the days before", item.feature, item.statistic)
        with write_transaction(self._context.engine) as connection:
            refreshes.update_report(connection, step.refresh, drift=drift)
        return RefreshCount(count=sum(item.alarm for item in drift))
