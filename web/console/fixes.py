"""`/fixes` and `/fixes/<id>`: what waits for a stylist, and one box to approve, change or turn down."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.fixes.rules import cents
from domain.fixes.swaps import may_come
from errors import BadInput, NotFound
from ingest.faults import checked
from models.base import ID_PATTERN, Id
from models.fixes import FixDecision, FixItem, FixState
from store.database import read_transaction
from store.fixes import pages
from store.fixes.pages import FixFile
from web.console.acting import check_token, form_of, must_sign_in, person_of, remember, token_for
from web.console.charts import slices
from web.console.words import FIXES
from web.context import Context, context_of
from web.templating import page
from workflows import fix_handles

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[Context, Depends(context_of)]
FixPath = Annotated[Id, Path(pattern=ID_PATTERN)]
OTHERS: Final = 6
"""Alternatives offered for each item of a box."""
REST: Final = 12


@router.get("/fixes")
def fix_list(request: Request, context: Ctx, state: Annotated[str | None, Query(max_length=16)] = None) -> Response:
    """Fixes by state; at first those that wait for a decision."""
    chosen = "proposed" if state is None else state if state in FIXES else ""
    with read_transaction(context.engine) as connection:
        counts, found = pages.by_state(connection), pages.listing(connection, chosen)
    return page(request, "fixes.html", states=slices(counts, list(FIXES)), fixes=found, state=chosen)


@router.get("/fixes/{fix_id}")
def fix(request: Request, context: Ctx, fix_id: FixPath) -> Response:
    """One Fix."""
    return _page(request, context, _load(context, fix_id))


@router.post("/fixes/{fix_id}/decision")
async def decide(request: Request, context: Ctx, fix_id: FixPath) -> Response:
    """What the stylist decided; back to the page, which says why where it was refused."""
    person = person_of(request)
    if person is None:
        return must_sign_in(f"/fixes/{fix_id}")
    form = await form_of(request)
    name = person or form.get("by", "").strip()
    file = await run_in_threadpool(_load, context, fix_id)
    try:
        check_token(context, form.get("token", ""), fix_id, _seen(file))
        decision = _decision(form, name)
        await fix_handles.decide_fix(await context.temporal(), fix_id, decision)
    except BadInput as refused:
        return _page(request, context, file, str(refused))
    answer = RedirectResponse(f"/fixes/{fix_id}", status_code=303)
    return remember(context, answer, name) if name != person else answer


def _decision(form: dict[str, str], by: str) -> FixDecision:
    swaps = [{"out": form.get("out"), "into": form.get("into")}] if form.get("verdict") == "swap" else []
    return checked(FixDecision, {"verdict": form.get("verdict"), "swaps": swaps, "by": by})


def _load(context: Context, fix_id: str) -> FixFile:
    with read_transaction(context.engine) as connection:
        found = pages.fix(connection, fix_id)
    if found is None:
        raise NotFound(f"no Fix {fix_id}", "fix_id")
    return found


def _seen(file: FixFile) -> str:
    """What a decision is about: where the Fix stands and what is in the box."""
    return sha256("/".join([file.row.state, *sorted(unit.sku for unit in file.box)]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Unit:
    """An item of the box; `others` may take its place."""

    row: Any
    item: Any
    why: str
    others: list[FixItem]


def _page(request: Request, context: Context, file: FixFile, wrong: str = "") -> Response:
    person = person_of(request)
    held = {unit.item_id for unit in file.box}
    rest = [candidate for candidate in file.candidates if candidate.item_id not in held]
    why = {candidate.item_id: candidate.why for candidate in file.candidates}
    decides = file.row.state == FixState.PROPOSED and person is not None
    units = [
        _Unit(unit, file.items.get(unit.item_id), why.get(unit.item_id, ""), _others(file, unit, rest))
        for unit in file.box
    ]
    return page(
        request,
        "fix.html",
        422 if wrong else 200,
        fix=file,
        box=units,
        rest=rest[:REST],
        decides=decides,
        person=person or "",
        token=token_for(context, file.row.fix_id, _seen(file)) if decides else "",
        total_cents=sum(unit.price_cents for unit in file.box),
        budget_cents=cents(file.wish.budget),
        wrong=wrong,
    )


def _others(file: FixFile, unit: Any, rest: list[FixItem]) -> list[FixItem]:
    """The best that may take the unit's place: those that the rules of a swap let in."""
    box = [FixItem.model_validate(each, from_attributes=True) for each in file.box]
    return list(islice(may_come(file.wish, box, unit.sku, rest), OTHERS))
