"""`PUT /v1/items` and `PUT /v1/stock`: the whole catalogue and the whole stock at once."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from models.goods import GoodsAnswer, WholeCatalogue, WholeStock
from services.goods.wholes import replace_items, replace_stock
from web import actors
from web.api.requests import JsonBody
from web.api.routing import create_router, declare_errors
from web.context import Here

router: Final = create_router("goods")


@router.put("/items", responses=declare_errors(413))
def put_items(context: Here, body: Annotated[WholeCatalogue, Depends(JsonBody(WholeCatalogue))]) -> GoodsAnswer:
    """Save the whole catalogue: all of it or, after an error, nothing.

    Items that are not in it are retired: they are no longer recommended, and stay in histories. Over a fifth of them
    only with `confirmed`. An item that is in it again is sold again.
    """
    now, real_now = context.business_now(), context.real_now()
    counts = replace_items(
        context.engine, actors.API, body.items, context.policy, now, real_now, confirmed=body.confirmed
    )
    return GoodsAnswer.model_validate(counts, from_attributes=True)


@router.put("/stock", responses=declare_errors(413))
def put_stock(context: Here, body: Annotated[WholeStock, Depends(JsonBody(WholeStock))]) -> GoodsAnswer:
    """Save the whole count of stock: all of it or, after an error, nothing.

    Skus that are not in it are out of stock. Over a fifth of those with units only with `confirmed`.
    """
    now, real_now = context.business_now(), context.real_now()
    counts = replace_stock(context.engine, actors.API, body.stock, now, real_now, confirmed=body.confirmed)
    return GoodsAnswer.model_validate(counts, from_attributes=True)
