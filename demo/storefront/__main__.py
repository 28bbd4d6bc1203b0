"""`python -m demo.storefront`: the demo shop's site, beside the demo's other processes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import uvicorn

from demo.feed import build_cursor_path
from demo.storefront.app import ShopOptions, create_shop
from demo.storefront.goods import read_goods
from settings import Settings, load
from store import clock
from store.database import connect, read_transaction


def build_options(settings: Settings) -> ShopOptions:
    """Build what the demo's shop knows. Its clock is the demo's."""
    engine, folder = connect(settings.database), build_cursor_path(settings).parent

    def read_clock() -> datetime:
        with read_transaction(engine) as connection:
            return clock.load_business_time(connection, datetime.now(UTC))

    return ShopOptions(
        name=settings.shop_name,
        goods=read_goods(folder / "catalogue.csv", folder / "stock.csv"),
        selvedge_url=settings.base_url,
        key=settings.keys.api,
        secret=hashlib.sha256(f"cookies of the shop/{settings.keys.api}".encode()).hexdigest(),
        currency=settings.shop_currency,
        now=read_clock,
    )


if __name__ == "__main__":
    settings = load()
    app = create_shop(build_options(settings))
    uvicorn.run(app, host="127.0.0.1", port=settings.demo_shop_port, log_level="warning", access_log=False)
