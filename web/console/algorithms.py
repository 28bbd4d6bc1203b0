"""`/algorithms`: who answers each slot, who could, and who changed that; promote, give back, shadow and split; what the
conformance suite says of one, how those of a slot compare, outcomes as a file, and the flags that run and ran."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, StreamingResponse

from algorithms.slots.slot_table import SLOTS, require_slot
from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.slot_acts import SlotAct
from services.evaluation.action_outcomes import write_outcomes
from services.evaluation.comparison import compare
from services.flags.views import list_flags
from services.slots.acts import show_slots, steer_slot, try_algorithm
from store.database import read_transaction
from web.auth.rules import needs
from web.console.acting import receive_form
from web.console.fields import explain_refusal
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/algorithms"
SPANS: Final = (7, 30, 90)
"""Days over which algorithms are compared."""
WITHIN: Final = {"session": timedelta(hours=4)}
"""What a client does so long after seeing an answer counts for it; of other slots a week."""
EXAMPLE: Final = """\
name: More items at home
namespace: home
share: 0.5
contexts: [home]
arms:
  - {name: as-now, share: 0.5}
  - {name: longer, share: 0.5, effect: {count: 12}}
"""
"""What the form of a new flag shows at first."""
OUTCOMES: Final = (timedelta(days=180), timedelta(days=28))
"""How far back outcomes are written, and for how long orders count for an answer."""


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_algorithms(request: Request, context: Here, done: Annotated[str, Query(max_length=16)] = "") -> Response:
    """Show every slot."""
    return _render(request, context, done=done)


@router.post(PAGE, dependencies=[needs(Action.SET_SLOT_POLICY)])
async def act_on_slot(request: Request, context: Here) -> Response:
    """Carry out an act, and return to its slot; a refusal is shown there."""
    form = await receive_form(request)
    try:
        slot, changed = await run_in_threadpool(_act, context, form.actor, dict(form.fields))
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, wrong=explain_refusal(wrong))
    return RedirectResponse(f"{PAGE}?done={'changed' if changed else 'same'}#slot-{slot}", status_code=303)


@router.post("/algorithms/check", dependencies=[needs(Action.SET_SLOT_POLICY)])
async def check(request: Request, context: Here) -> Response:
    """Run the conformance suite on an algorithm, which takes some seconds, and show its report."""
    form = await receive_form(request)
    name = form.fields.get("algorithm", "")
    try:
        report = await run_in_threadpool(try_algorithm, form.actor, context.settings, name)
    except BadInput as wrong:
        return await run_in_threadpool(_render, request, context, wrong=explain_refusal(wrong))
    return render_page(request, "algorithm_report.html", report=report, slot=SLOTS[report.slot])


@router.get("/algorithms/outcomes.csv", dependencies=[needs(Action.SET_SLOT_POLICY)])
def download_outcomes(request: Request, context: Here) -> Response:
    """Send what clients did after answers that chance chose, a line a client, as `selvedge algorithms outcomes`."""
    since, within = OUTCOMES
    try:
        lines = write_outcomes(context.engine, context.business_now(), since, within)
    except BadInput as wrong:
        return _render(request, context, wrong=f"No outcomes to export: {explain_refusal(wrong)}")
    headers = {"Content-Disposition": 'attachment; filename="outcomes-next_action.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/algorithms/{slot}/comparison", dependencies=[needs(Disclosure.SHOP)])
def show_comparison(
    request: Request, context: Here, slot: str, days: Annotated[int, Query(ge=1, le=365)] = 30
) -> Response:
    """Show how the champion of a slot, its shadows and the variants of its split compare."""
    name, now = require_slot(slot).name, context.business_now()
    within = WITHIN.get(name, timedelta(days=7))
    with read_transaction(context.engine) as connection:
        found = compare(connection, name, now - timedelta(days=days), now, within)
    return render_page(request, "algorithm_comparison.html", slot=name, found=found, days=days, spans=SPANS)


def _act(context: WebContext, actor: Actor, fields: dict[str, str]) -> tuple[str, bool]:
    values: dict[str, object] = {name: fields[name] for name in ("act", "algorithm", "slot") if fields.get(name)}
    if "percent" in fields:
        values["share"] = _read_percent(fields["percent"])
    now, real_now = context.business_now(), context.real_now()
    return steer_slot(context.engine, actor, context.settings, parse_model(SlotAct, values), now, real_now)


def _read_percent(text: str) -> float:
    try:
        return round(float(text) / 100, 6)
    except ValueError:
        raise BadInput("give a share in percent, such as 10", "share") from None


def _render(request: Request, context: WebContext, done: str = "", wrong: str = "") -> Response:
    shown = show_slots(context.settings, context.real_now())
    return render_page(
        request,
        "algorithms.html",
        422 if wrong else 200,
        shown=shown,
        flags=list_flags(context.engine).flags,
        slug="",
        text=EXAMPLE,
        done=done,
        wrong=wrong,
        real_now=context.real_now(),
    )
