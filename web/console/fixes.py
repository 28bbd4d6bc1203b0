"""`/fixes` and `/fixes/<id>`: the Fixes that wait for a stylist, and one box to approve, change or reject."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.fixes.candidates import to_cents
from domain.fixes.notes import name_wish
from domain.fixes.outfits import build_look, list_outfits
from domain.fixes.swaps import list_replacements, order_for_place
from errors import BadInput, NotFound
from ingest.faults import parse_model
from models.base import ID_PATTERN, Id
from models.catalogue import Item
from models.fix_views import SwapOffer
from models.fixes import FixDecision, FixItem, FixState
from services.fixes.requests import require_may_decide
from services.fixes.swap_search import SwapSearch
from store.catalogue import catalogue
from store.database import read_transaction
from store.fixes import lists
from store.fixes.lists import FixFile
from store.fixes.views import find_unmet
from web.actors import build_page_actor
from web.console.charts import build_slices
from web.console.labels import FIXES
from web.console.sign_in import build_token, check_token, get_person, read_form, redirect_to_sign_in, remember
from web.context import WebContext, get_context
from web.templating import render_page
from workflows import fix_handles

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
FixPath = Annotated[Id, Path(pattern=ID_PATTERN)]
ALTERNATIVES: Final = 6
"""Alternatives offered for each item of a box."""
REST: Final = 12


@router.get("/fixes")
def show_fixes(request: Request, context: Ctx, state: Annotated[str | None, Query(max_length=16)] = None) -> Response:
    """List Fixes by state; without a state, those that wait for a decision."""
    chosen = "proposed" if state is None else state if state in FIXES else ""
    with read_transaction(context.engine) as connection:
        counts, rows = lists.count_by_state(connection), lists.list_summaries(connection, chosen)
    return render_page(request, "fixes.html", states=build_slices(counts, list(FIXES)), fixes=rows, state=chosen)


@router.get("/fixes/{fix_id}")
def show_fix(
    request: Request,
    context: Ctx,
    fix_id: FixPath,
    search: Annotated[str, Query(max_length=200)] = "",
    out: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show one Fix; with `search` or `out`, what of the whole catalogue may go into its box, in the place of `out`."""
    return _render(request, context, _load_fix(context, fix_id), found=_Found(search.strip(), out))


@router.post("/fixes/{fix_id}/decision")
async def decide(request: Request, context: Ctx, fix_id: FixPath) -> Response:
    """Carry out the stylist's decision and return to the page, which explains a refusal."""
    person = get_person(request)
    if person is None:
        return redirect_to_sign_in(f"/fixes/{fix_id}")
    form = await read_form(request)
    name = person or form.get("by", "").strip()
    file = await run_in_threadpool(_load_fix, context, fix_id)
    try:
        check_token(context, form.get("token", ""), fix_id, _compute_fingerprint(file))
        decision = _parse_decision(form, name)
        actor = build_page_actor(name)
        await run_in_threadpool(require_may_decide, context.engine, actor, fix_id)
        await fix_handles.decide_fix(await context.temporal(), fix_id, decision, actor)
    except BadInput as refused:
        return _render(request, context, file, str(refused))
    answer = RedirectResponse(f"/fixes/{fix_id}", status_code=303)
    return remember(context, answer, name) if name != person else answer


def _parse_decision(form: dict[str, str], by: str) -> FixDecision:
    swaps = [{"out": form.get("out"), "into": form.get("into")}] if form.get("verdict") == "swap" else []
    return parse_model(FixDecision, {"verdict": form.get("verdict"), "swaps": swaps, "by": by})


def _load_fix(context: WebContext, fix_id: str) -> FixFile:
    with read_transaction(context.engine) as connection:
        file = lists.load_fix_file(connection, fix_id)
    if file is None:
        raise NotFound(f"no Fix {fix_id}", "fix_id")
    return file


def _compute_fingerprint(file: FixFile) -> str:
    """Compute a fingerprint of the state and the box, so that a decision on an outdated page is noticed."""
    return sha256("/".join([file.row.state, *sorted(unit.sku for unit in file.box)]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _BoxUnit:
    """An item of the box; `answers`: wishes, in words; `others` may replace it."""

    row: Any
    item: Any
    why: str
    answers: list[str]
    others: list[FixItem]


class _Found(NamedTuple):
    """What a stylist looked for: words, and the sku whose place is to be filled; both empty: nothing."""

    search: str = ""
    out: str = ""


def _list_found(request: Request, context: WebContext, file: FixFile, found: _Found) -> list[SwapOffer]:
    if not any(found):
        return []
    swap_search: SwapSearch = request.app.state.swap_search
    return swap_search.search(file.row.fix_id, found.search, found.out or None, context.business_now())


def _render(
    request: Request, context: WebContext, file: FixFile, wrong: str = "", found: _Found | None = None
) -> Response:
    found = found or _Found()
    person = get_person(request)
    box_items = {unit.item_id for unit in file.box}
    rest = [candidate for candidate in file.candidates if candidate.item_id not in box_items]
    names = {wish.key: name_wish(wish) for wish in file.wish.wishes}
    answers = {candidate.sku: candidate.answers for candidate in file.candidates}
    decides = file.row.state == FixState.PROPOSED and person is not None
    offers = _list_found(request, context, file, found) if decides else []
    why = {candidate.item_id: candidate.why for candidate in file.candidates}
    looks = {
        unit.sku: build_look(file.items[unit.item_id], unit.role) for unit in file.box if unit.item_id in file.items
    }
    titles = {unit.sku: file.items[unit.item_id].title for unit in file.box if unit.sku in looks}
    units = [
        _BoxUnit(
            unit,
            file.items.get(unit.item_id),
            why.get(unit.item_id, ""),
            [names[key] for key in answers.get(unit.sku, ()) if key in names],
            _list_alternatives(file, unit, rest),
        )
        for unit in file.box
    ]
    return render_page(
        request,
        "fix.html",
        422 if wrong else 200,
        fix=file,
        box=units,
        outfits=[[titles[sku] for sku in outfit] for outfit in list_outfits(looks)],
        rest=rest[:REST],
        found=found,
        offers=offers,
        offered=_load_items(context, offers),
        decides=decides,
        person=person or "",
        token=build_token(context, file.row.fix_id, _compute_fingerprint(file)) if decides else "",
        unmet=find_unmet(file.row, [unit.sku for unit in file.box]),
        total_cents=sum(unit.price_cents for unit in file.box),
        budget_cents=to_cents(file.wish.budget),
        wrong=wrong,
    )


def _load_items(context: WebContext, offers: list[SwapOffer]) -> dict[str, Item]:
    if not offers:
        return {}
    with read_transaction(context.engine) as connection:
        return catalogue.load_items(connection, [offer.item_id for offer in offers])


def _list_alternatives(file: FixFile, unit: Any, rest: list[FixItem]) -> list[FixItem]:
    """List what the unit's place needs most, of what may replace it under the rules of a swap."""
    box = [FixItem.model_validate(unit_row, from_attributes=True) for unit_row in file.box]
    ordered = order_for_place(file.wish, box, unit.sku, rest)
    return list(islice(list_replacements(file.wish, box, unit.sku, ordered), ALTERNATIVES))
