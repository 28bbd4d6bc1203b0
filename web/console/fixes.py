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
from domain.permissions import Action, Disclosure, may
from errors import BadInput, NotFound
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN, Id
from models.catalogue import Item
from models.fix_views import SwapOffer, UnmetWish
from models.fixes import FixDecision, FixItem, FixState
from services.fixes.client_words import MOST, write_to_client
from services.fixes.requests import require_may_decide
from services.fixes.swap_search import SwapSearch
from services.fixes.table import find_queue_place, load_own_keep_rate
from store.catalogue import catalogue
from store.database import read_transaction
from store.fixes import lists
from store.fixes.lists import FixFile
from store.fixes.views import find_unmet
from web.auth.callers import By
from web.auth.forms import build_token, check_token, read_form
from web.auth.rules import needs
from web.console.charts import build_slices
from web.console.fields import explain_refusal
from web.console.fix_table import build_table
from web.console.labels import FIXES
from web.context import WebContext, get_context
from web.templating import render_page
from workflows import fix_handles

router: Final = APIRouter(include_in_schema=False)

Ctx = Annotated[WebContext, Depends(get_context)]
FixPath = Annotated[Id, Path(pattern=ID_PATTERN)]
ALTERNATIVES: Final = 6
"""Alternatives offered for each item of a box."""
REST: Final = 12


@router.get("/fixes", dependencies=[needs(Disclosure.SHOP)])
def show_fixes(
    request: Request, context: Ctx, actor: By, state: Annotated[str | None, Query(max_length=16)] = None
) -> Response:
    """List Fixes by state; without a state, those that wait for a decision."""
    chosen = "proposed" if state is None else state if state in FIXES else ""
    with read_transaction(context.engine) as connection:
        counts, rows = lists.count_by_state(connection), lists.list_summaries(connection, chosen)
    slices, own = build_slices(counts, list(FIXES)), load_own_keep_rate(context.engine, actor.who)
    return render_page(request, "fixes.html", states=slices, fixes=rows, state=chosen, own=own)


@router.get("/fixes/{fix_id}", dependencies=[needs(Disclosure.SHOP)])
def show_fix(
    request: Request,
    context: Ctx,
    actor: By,
    fix_id: FixPath,
    search: Annotated[str, Query(max_length=200)] = "",
    out: Annotated[str, Query(max_length=64)] = "",
    category: Annotated[str, Query(max_length=64)] = "",
    colour: Annotated[str, Query(max_length=64)] = "",
    most: Annotated[str, Query(max_length=12)] = "",
) -> Response:
    """Show one Fix; with words or filters, what of the whole catalogue may go into its box, in the place of `out`."""
    found = _Found(search.strip(), out, category.strip(), colour.strip(), most.strip())
    return _render(request, context, actor, _load_fix(context, fix_id), found=found)


@router.post("/fixes/{fix_id}/decision", dependencies=[needs(Action.DECIDE_FIX)])
async def decide(request: Request, context: Ctx, actor: By, fix_id: FixPath) -> Response:
    """Carry out the stylist's decision and return to the page, which explains a refusal."""
    form = await read_form(request)
    file = await run_in_threadpool(_load_fix, context, fix_id)
    try:
        check_token(request, form.get("token", ""), fix_id, _compute_fingerprint(file))
        decision = _parse_decision(form, actor.who)
        await run_in_threadpool(require_may_decide, context.engine, actor, fix_id)
        await fix_handles.decide_fix(await context.temporal(), fix_id, decision, actor)
    except BadInput as refused:
        return await run_in_threadpool(_render, request, context, actor, file, explain_refusal(refused))
    following = await run_in_threadpool(_find_next, context, fix_id, decision)
    return RedirectResponse(following, status_code=303)


@router.post("/fixes/{fix_id}/words", dependencies=[needs(Action.WRITE_FIX_NOTE)])
async def write_words(request: Request, context: Ctx, actor: By, fix_id: FixPath) -> Response:
    """Save what the stylist writes to the client, and return to the page, which explains a refusal."""
    form = await read_form(request)
    file = await run_in_threadpool(_load_fix, context, fix_id)
    words = form.get("stylist_note", "")
    try:
        check_token(request, form.get("token", ""), fix_id, "words")
        now, real_now = context.business_now(), context.real_now()
        await run_in_threadpool(write_to_client, context.engine, actor, fix_id, words, now, real_now)
    except BadInput as refused:
        return await run_in_threadpool(_render, request, context, actor, file, explain_refusal(refused), None, words)
    return RedirectResponse(f"/fixes/{fix_id}?done=words#words", status_code=303)


def _find_next(context: WebContext, fix_id: str, decision: FixDecision) -> str:
    """Find where a decision leads: to the next Fix that waits, or back to the box that was changed."""
    if decision.verdict == "swap":
        return f"/fixes/{fix_id}#box"
    following = find_queue_place(context.engine, fix_id).following
    return f"/fixes/{following}?done={decision.verdict}" if following else f"/fixes?done={decision.verdict}"


def _parse_decision(form: dict[str, str], by: str) -> FixDecision:
    """Parse a decision: `swap` with `out` and `into`, one of them empty where an item comes or goes alone."""
    verdict = form.get("verdict")
    swap = {name: form[name] for name in ("out", "into") if form.get(name)}
    because = (form.get("because") or "other") if verdict == "reject" else None
    swaps = [swap] if verdict == "swap" else []
    return parse_model(FixDecision, {"verdict": verdict, "swaps": swaps, "because": because, "by": by})


def _load_fix(context: WebContext, fix_id: str) -> FixFile:
    with read_transaction(context.engine) as connection:
        file = lists.load_fix_file(connection, fix_id)
    if file is None:
        raise NotFound(f"no Fix {fix_id}", "fix_id")
    return file


def _find_unmet(context: WebContext, file: FixFile) -> tuple[UnmetWish, ...]:
    with read_transaction(context.engine) as connection:
        return find_unmet(connection, file.row, [unit.sku for unit in file.box])


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
    """What a stylist looked for: words, the sku whose place is to be filled, and filters; all empty: nothing."""

    search: str = ""
    out: str = ""
    category: str = ""
    colour: str = ""
    most: str = ""

    @property
    def words(self) -> str:
        """All words that an item must have."""
        return " ".join(filter(None, (self.search, self.category, self.colour)))

    @property
    def dearest_cents(self) -> int | None:
        """The highest price; None: any, also where it is no number."""
        return int(self.most) * 100 if self.most.isdecimal() else None


def _get_swap_search(request: Request) -> SwapSearch:
    found: SwapSearch = request.app.state.swap_search
    return found


def _list_found(request: Request, context: WebContext, file: FixFile, found: _Found) -> list[SwapOffer]:
    if not any(found):
        return []
    now = context.business_now()
    return _get_swap_search(request).search(file.row.fix_id, found.words, found.out or None, now, found.dearest_cents)


def _render(
    request: Request,
    context: WebContext,
    actor: Actor,
    file: FixFile,
    wrong: str = "",
    found: _Found | None = None,
    words: str | None = None,
) -> Response:
    found = found or _Found()
    box_items = {unit.item_id for unit in file.box}
    rest = [candidate for candidate in file.candidates if candidate.item_id not in box_items]
    names = {wish.key: name_wish(wish) for wish in file.wish.wishes}
    answers = {candidate.sku: candidate.answers for candidate in file.candidates}
    decides = file.row.state == FixState.PROPOSED and may(actor, Action.DECIDE_FIX)
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
        sizes=_get_swap_search(request).list_other_sizes(file.row.fix_id, context.business_now()) if decides else {},
        token=build_token(request, file.row.fix_id, _compute_fingerprint(file)) if decides else "",
        unmet=_find_unmet(context, file),
        total_cents=sum(unit.price_cents for unit in file.box),
        budget_cents=to_cents(file.wish.budget),
        wrong=wrong,
        words=(file.row.stylist_note or "") if words is None else words,
        most_words=MOST,
        words_token=build_token(request, file.row.fix_id, "words") if decides else "",
        **build_table(context, file),
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
