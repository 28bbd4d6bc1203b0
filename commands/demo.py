"""`selvedge demo`: everything on one machine, on the demo shop. `make run` calls it."""

from __future__ import annotations

import click

from settings import load


@click.command("demo")
@click.option(
    "--pace",
    type=click.FloatRange(1, 86_400),
    default=5.0,
    show_default=True,
    help="Real seconds a day of the shop takes.",
)
@click.option("--for", "lasts", type=click.FloatRange(1), help="Stop after so many seconds; until Ctrl-C otherwise.")
@click.option("--no-feed", is_flag=True, help="Let nothing happen in the shop but time and mail.")
@click.pass_context
def command(context: click.Context, pace: float, lasts: float | None, no_feed: bool) -> None:
    """Run everything on one machine on the demo shop: Temporal, web, mailbox, worker, and the shop's clients.

    A second run continues where the first stopped, clock included. Everything is in SELVEDGE_HOME.
    """
    import asyncio  # noqa: PLC0415 - not before the arguments are known to be good

    from demo.stack import DemoOptions, Stack  # noqa: PLC0415

    options = DemoOptions(pace=pace, lasts=lasts, feed=not no_feed)
    context.exit(asyncio.run(Stack(load(), options).run()))
