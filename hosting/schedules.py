"""Keep the daily Temporal schedules as the settings say: the wave of Fixes and the Refresh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from models.refreshes import RefreshInput
from models.waves import WaveInput
from workflows import ids
from workflows.options import LIFECYCLE_QUEUE
from workflows.refresh import Refresh
from workflows.wave import FixWave

DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class DailySchedule:
    """A workflow that starts daily. `shortest`: real time between two starts, however fast business time runs."""

    schedule: str
    run: Any
    argument: Any
    workflow_id: str
    summary: str
    shortest: timedelta


WAVE: Final = DailySchedule(
    "fix-wave", FixWave.run, WaveInput(), ids.fix_wave("day"), "The daily wave of Fixes", timedelta(seconds=1)
)
REFRESH: Final = DailySchedule(
    "refresh", Refresh.run, RefreshInput(), ids.refresh("day"), "The nightly refresh", timedelta(minutes=10)
)
"""Training keeps a core busy for a while, so that a fast clock does not refresh every day."""


async def keep_schedule(client: Client, daily: DailySchedule, *, hour: int, time_zone: str, pace: float) -> None:
    """Create or update the schedule: at `hour` of the shop's own day; where business time has another pace than real
    time, once each business day. The same again changes nothing, and a paused schedule stays paused. What still runs
    when the next is due goes on, and the next is left out."""
    new_schedule = _schedule(daily, hour, time_zone, pace)

    def build_update(update_input: ScheduleUpdateInput) -> ScheduleUpdate:
        new_schedule.state = update_input.description.schedule.state
        return ScheduleUpdate(schedule=new_schedule)

    try:
        await client.create_schedule(daily.schedule, new_schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(daily.schedule).update(build_update)


def _schedule(daily: DailySchedule, hour: int, time_zone: str, pace: float) -> Schedule:
    if pace in (0, 1):  # a clock that stands runs again before long
        spec = ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(hour)])], time_zone_name=time_zone)
    else:
        spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=max(DAY / pace, daily.shortest))])
    return Schedule(
        action=ScheduleActionStartWorkflow(
            daily.run,
            daily.argument,
            id=daily.workflow_id,
            task_queue=LIFECYCLE_QUEUE,
            static_summary=daily.summary,
        ),
        spec=spec,
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)),
    )
