"""`/algorithms`: who answers each slot, who could, and who changed that; promote, give back, shadow and split."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.slot_acts import SlotAct
from services.slots.acts import show_slots, steer_slot
from web.auth.rules import needs
from web.console.acting import receive_form
from web.console.fields import explain_refusal
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/algorithms"


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
        done=done,
        wrong=wrong,
        real_now=context.real_now(),
    )
