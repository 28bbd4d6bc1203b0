"""`selvedge consume`: take in what comes by Kafka."""

from __future__ import annotations

import logging
import signal

import click

from settings import load


@click.command("consume")
def command() -> None:
    """Take in events, items and stock from the topics of Kafka that SELVEDGE_KAFKA_* name, until stopped.

    Start as many as there are partitions at most; they share them. What cannot be taken in: selvedge dead-letters.
    """
    from hosting.consume import consume  # noqa: PLC0415
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415
    from store.sql.patience import WORK  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load()
    engine = connect(settings.database, WORK)
    bring_up_to_date(engine, settings)
    stopped: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _frame: stopped.append(number))
    click.echo(f"Reading {settings.kafka_servers or 'nothing'}", err=True)
    consume(engine, settings, lambda: not stopped)
