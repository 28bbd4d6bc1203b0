"""`selvedge recommend --client ID`."""

from __future__ import annotations

import json
from contextlib import closing

import click

from commands import _shared
from commands.assess import moment
from errors import BadInput
from settings import load


@click.command()
@click.option("--client", "client_id", required=True, help="The client's id.")
@click.option("--n", default=10, show_default=True, help="How many items, 1 to 1000.")
@click.option("--as-of", help="As of then: a day (to its end, in UTC) or a moment in ISO 8601. Default: now.")
@_shared.AS_JSON
def command(client_id: str, n: int, as_of: str | None, as_json: bool) -> None:
    """The items that would be shown to a client now, with what each part of the score adds.

    Only looks: nothing is recorded as shown.
    """
    from activities.deciding import Decider  # noqa: PLC0415
    from activities.recommending import SLOT, Recommender  # noqa: PLC0415
    from algorithms.conformance import START_SECONDS  # noqa: PLC0415
    from algorithms.registry import Registry  # noqa: PLC0415
    from store import catalogue  # noqa: PLC0415
    from store.database import reading  # noqa: PLC0415

    if not 1 <= n <= 1_000:
        raise BadInput("must be from 1 to 1000", "n")
    settings = load()
    engine = _shared.database(settings)
    now = moment(as_of) if as_of else _shared.business_now(engine)
    with reading(engine) as connection, closing(Registry.from_settings(settings)) as registry:
        registry.ready(SLOT, START_SECONDS)
        recommender = Recommender(engine, settings, Decider(registry))
        answer = recommender.recommend(connection, client_id, n, now)
        items = catalogue.get_items(connection, [pick.item_id for pick in answer.picks])
    picks = [pick.model_dump() | {"title": items[pick.item_id].title} for pick in answer.picks if pick.item_id in items]
    if as_json:
        told = {"algorithm": answer.algorithm, "version": answer.version, "question": answer.record.question}
        click.echo(json.dumps({"client_id": client_id, **told, "items": picks}))
        return
    click.echo(f"{answer.algorithm} ({answer.version})")
    for place, pick in enumerate(picks, 1):
        parts = "  ".join(f"{name} {value:.2f}" for name, value in pick["parts"].items())
        click.echo(f"{place:>3}. {pick['score']:.3f}  {pick['item_id']}  {pick['title']}: {pick['why']}\n     {parts}")
    if not picks:
        click.echo("nothing in stock suits; see selvedge import stock")
