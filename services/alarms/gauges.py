"""The figures of alarms that take a look of their own: expiries, the click rate and the age of the stock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services import metrics
from services.alarms.click_drop import measure_click_drop
from services.alarms.expiries import find_key_end
from services.context import ServiceContext
from store.catalogue.stock_age import find_stock_age
from store.database import read_transaction


def set_alarm_gauges(context: ServiceContext, certificates: Mapping[str, datetime]) -> None:
    """Look, and set the gauges; `certificates`: when each ends. A key that never expires is 0."""
    real_now = context.wall()
    with read_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, real_now)
        metrics.click_rate_drop.set(measure_click_drop(connection, now))
        age = find_stock_age(connection)
    metrics.stock_counted.set(age.latest.timestamp() if age.latest else 0)
    metrics.stock_oldest.set(age.oldest.timestamp() if age.oldest else 0)
    end = find_key_end(context, real_now)
    metrics.key_end.set(end.timestamp() if end else 0)
    for name, until in certificates.items():
        metrics.certificate_end.labels(name=name).set(until.timestamp())
