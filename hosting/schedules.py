"""The daily wave of Fixes, on a Temporal schedule that the worker keeps as its settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

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

from models.waves import WaveInput
from workflows import ids
from workflows.options import LIFECYCLE_QUEUE
from workflows.wave import FixWave

SCHEDULE: Final = "fix-wave"
DAY: Final = timedelta(days=1)
SHORTEST: Final = timedelta(seconds=1)
"""Between two waves, however fast business time runs."""


async def keep_schedule(client: Client, *, hour: int, time_zone: str, pace: float) -> None:
    """Make the daily wave, or change it: at `hour` of the shop's own day; where business time has another pace than
    real time, once each business day. The same again changes nothing, and whoever paused it keeps it paused. A wave
    that still runs when the next is due goes on, and the next is left out."""
    wanted = _schedule(hour, time_zone, pace)

    def changed(known: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = known.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(SCHEDULE, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(SCHEDULE).update(changed)


def _schedule(hour: int, time_zone: str, pace: float) -> Schedule:
    if pace in (0, 1):  # a clock that stands is at work again before long
        spec = ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(hour)])], time_zone_name=time_zone)
    else:
        spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=max(DAY / pace, SHORTEST))])
    return Schedule(
        action=ScheduleActionStartWorkflow(
            FixWave.run,
            WaveInput(),
            id=ids.fix_wave("day"),
            task_queue=LIFECYCLE_QUEUE,
            static_summary="The daily wave of Fixes",
        ),
        spec=spec,
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)),
    )
