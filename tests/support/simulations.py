"""A simulation that was kept, as pages and lists read it."""

from __future__ import annotations

from datetime import date
from typing import Any

from models.lift import CampaignLift, Difference
from models.simulation import Estimate95, ResponseModel, ResponseRate, SimulatedDay, SimulationReport

RATE = ResponseRate(name="opens", rate=0.1, source="assumption", said="so")
MODEL = ResponseModel(opens=RATE, clicks=RATE, orders=RATE, unsubscribes=RATE)


def build_kept_report(slug: str, starts_on: date, days: int = 30, **more: Any) -> SimulationReport:
    """A report of ten clients: busy in the first week, with a cap, a collision and drafts to decide."""
    per_day = tuple(
        SimulatedDay(
            day=day,
            sent=max(0, 8 - day),
            other_sent=day % 3,
            opened=max(0, 4 - day),
            capped=int(day == 2),
            collided=2 * (day == 3),
            drafts=3 * (day == 1),
            calls=day // 10,
        )
        for day in range(1, days + 1)
    )
    difference = Difference(treated=0.1, control=0.08, value=0.02, low=-0.01, high=0.05, p_value=0.2, p_better=0.9)
    lift = CampaignLift(slug=slug, control_share=0.1, window_days=30, said="Not enough clients.", conversion=difference)
    told: dict[str, Any] = {
        "seed": 1,
        "clients": 10,
        "audience": 45,
        "states": {"completed": 9, "held_out": 1},
        "sent": sum(day.sent for day in per_day),
        "other_sent": sum(day.other_sent for day in per_day),
        "mailed_clients": 9,
        "by_text": {"first": 20},
        "collisions": {"winter": 1, "lifecycle": 1},
        "most_drafts_a_day": 3,
        "caused_orders": Estimate95(value=40.0, low=10.2, high=92.5),
        "lift": lift,
        "model": MODEL,
        "assumptions": ("opens: so",),
    }
    return SimulationReport(slug=slug, starts_on=starts_on, days=days, per_day=per_day, **{**told, **more})
