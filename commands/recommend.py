"""`selvedge recommend --client ID`."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_moment
from commands.shared.runtime import load_business_time, open_database
from errors import BadInput
from settings import load

if TYPE_CHECKING:
    from models.mail import Pick


@click.command()
@click.option("--client", "client_id", required=True, help="The client's id.")
@click.option("--n", default=10, show_default=True, help="How many items, 1 to 1000.")
@click.option("--as-of", help="As of then: a day (to its end, in UTC) or a moment in ISO 8601. Default: now.")
@AS_JSON
def command(client_id: str, n: int, as_of: str | None, as_json: bool) -> None:
    """Recommend the items that would be shown to a client now, with what each part of the built-in score adds.

    An algorithm that was to answer and did not is named with its fault. Only looks: nothing is recorded as shown.
    """
    from algorithms.slots.conformance import START_SECONDS  # noqa: PLC0415
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from services.decisions.decider import Decider  # noqa: PLC0415
    from services.recommendations.client_sizes import find_fallback  # noqa: PLC0415
    from services.recommendations.ranking_state import SLOT  # noqa: PLC0415
    from services.recommendations.recommender import Recommender  # noqa: PLC0415
    from store.catalogue import catalogue  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    if not 1 <= n <= 1_000:
        raise BadInput("must be from 1 to 1000", "n")
    settings = load()
    engine = open_database(settings)
    now = parse_moment(as_of) if as_of else load_business_time(engine)
    with read_transaction(engine) as connection, closing(Registry.from_settings(settings)) as registry:
        registry.is_ready(SLOT, START_SECONDS)
        recommender = Recommender(engine, settings, Decider(registry))
        answer = recommender.recommend(connection, client_id, n, now)
        fallback = find_fallback(connection, client_id, now, *recommender.load_sizes(now))
        items = catalogue.load_items(connection, [pick.item_id for pick in answer.picks])
    picks = [pick.model_dump() | {"title": items[pick.item_id].title} for pick in answer.picks if pick.item_id in items]
    if as_json:
        fields = {"algorithm": answer.algorithm, "version": answer.version, "question": answer.record.question}
        faults = answer.record.faults
        click.echo(
            json.dumps({"client_id": client_id, **fields, "faults": faults, "fallback": fallback, "items": picks})
        )
        return
    answered_by = answer.algorithm if any(pick.by for pick in answer.picks) else "the built-in"
    for fault in answer.record.faults:
        click.echo(f"{fault.replace(':', ': ')}; {answered_by} answered")
    click.echo(f"{answer.algorithm} ({answer.version})")
    if fallback:
        click.echo(FALLBACKS[fallback])
    for rank, pick in enumerate(answer.picks, 1):
        if pick.item_id in items:
            click.echo(f"{rank:>3}. {_render_pick(pick, items[pick.item_id].title)}")
    if not picks:
        click.echo("nothing in stock suits; see selvedge import stock")


FALLBACKS: Final = {
    "sizes_unknown": "the shop makes none of the client's sizes (SELVEDGE_SIZE_TABLE): these come in other sizes",
    "none_in_size": "nothing is in stock in the client's sizes: these come in other sizes",
}


def _render_pick(pick: Pick, title: str) -> str:
    """Render a pick; an algorithm's score is its own, the parts add up to the built-in score."""
    parts = "  ".join(f"{name} {value:.2f}" for name, value in pick.parts.items())
    whose = f"scored by {pick.by}; the built-in score {pick.house_score:.3f} = " if pick.by else ""
    return f"{pick.score:.3f}  {pick.item_id}  {title}: {pick.why}\n     {whose}{parts}"
