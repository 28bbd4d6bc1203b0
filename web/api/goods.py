"""`PUT /v1/items` and `PUT /v1/stock`: the whole catalogue and the whole stock at once. `POST /v1/stock/changes`:
differences."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from domain.permissions import Action
from models.goods import (
    GoodsAnswer,
    StockChangeRefusal,
    StockChanges,
    StockChangesAnswer,
    WholeCatalogue,
    WholeStock,
)
from services.goods.stock_changes import change_stock
from services.goods.wholes import replace_items, replace_stock
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("goods")


@router.put("/items", responses=declare_errors(413), dependencies=[needs(Action.REPLACE_GOODS)])
def put_items(
    context: Here, actor: By, body: Annotated[WholeCatalogue, Depends(JsonBody(WholeCatalogue))]
) -> GoodsAnswer:
    """Save the whole catalogue: all of it or, after an error, nothing.

    Items that are not in it are retired: they are no longer recommended, and stay in histories. Over a fifth of them
    only with `confirmed`. An item that is in it again is sold again.
    """
    now, real_now = context.business_now(), context.real_now()
    counts = replace_items(context.engine, actor, body.items, context.policy, now, real_now, confirmed=body.confirmed)
    return GoodsAnswer.model_validate(counts, from_attributes=True)


@router.put("/stock", responses=declare_errors(413), dependencies=[needs(Action.REPLACE_GOODS)])
def put_stock(context: Here, actor: By, body: Annotated[WholeStock, Depends(JsonBody(WholeStock))]) -> GoodsAnswer:
    """Save the whole count of stock: all of it or, after an error, nothing.

    Skus that are not in it are out of stock. Over a fifth of those with units only with `confirmed`.
    """
    now, real_now = context.business_now(), context.real_now()
    counts = replace_stock(context.engine, actor, body.stock, now, real_now, confirmed=body.confirmed)
    return GoodsAnswer.model_validate(counts, from_attributes=True)


@router.post("/stock/changes", responses=declare_errors(413), dependencies=[needs(Action.REPLACE_GOODS)])
def post_stock_changes(
    context: Here, actor: By, body: Annotated[StockChanges, Depends(JsonBody(StockChanges))]
) -> StockChangesAnswer:
    """Change counts of stock by differences, each once: one whose key came in the last 30 days changes nothing.

    Unknown skus are refused, the others stand. A sku of which more goes than is there has none then, and is named in
    `short`.
    """
    now, real_now = context.business_now(), context.real_now()
    counts = change_stock(context.engine, actor, body.changes, now, real_now)
    return StockChangesAnswer(
        applied=tuple(counts.applied),
        duplicates=tuple(counts.duplicates),
        refused=tuple(
            StockChangeRefusal(index=one.index, key=one.event_id, field=one.field, reason=one.reason)
            for one in counts.refused
        ),
        short=tuple(counts.short),
    )
