"""At risk against one's own rhythm, on the real workflows: a weekly buyer is missed while the score is still high."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from algorithms.risk import risk_model
from algorithms.risk.recency_rate import Population
from models.states import Band, Phase
from services.training import artefacts as keeping
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact
from store.tables import assessments, standings
from tests.algorithms.risk.histories import make_orders
from tests.support.shop import Shop
from tests.workflows.test_year import Year


def save_risk_model(shop: Shop) -> None:
    orders = make_orders()
    model = risk_model.learn(orders, int(orders.day.max()), 60, Population(1.0, 60.0, 0.2, 0.4, 30.0))
    artefact = Artefact(
        id="risk-1", slot="risk", algorithm=risk_model.ALGORITHM, path=artefacts.build_path("risk-1"),
        created_at=datetime.now(UTC), live=True,
    )  # fmt: skip
    keeping.save_artefact(shop.engine, shop.settings.home, artefact, model.save)


async def test_a_timer_finds_the_moment_at_which_silence_is_unlike_them(
    time_skipping: WorkflowEnvironment, shop: Shop
) -> None:
    save_risk_model(shop)
    async with shop.run_workers(time_skipping.client) as dispatcher:
        year = Year(time_skipping, shop, dispatcher, "weekly")
        shop.client("weekly", now=await year.now() - timedelta(days=90))
        await dispatcher.send_batch()
        for _ in range(8):
            await year.add_event("order_placed", item_id="item03", value="60.00", currency="USD")
            await year.pass_time(7)
        with read_transaction(shop.engine) as connection:
            assessed = connection.execute(
                select(standings.c.crosses_at, standings.c.score).where(standings.c.client_id == "weekly")
            ).one()
        assert assessed.crosses_at is not None
        await year.pass_time(7)
        assert await year.phase() is Phase.ACTIVE
        await year.pass_time(60)
        assert await year.phase() is Phase.AT_RISK
        assert "missed" in year.kinds()
        with read_transaction(shop.engine) as connection:
            query = select(assessments).where(assessments.c.client_id == "weekly", assessments.c.band == Band.AT_RISK)
            first = connection.execute(query.order_by(assessments.c.at)).first()
            caused = set(connection.scalars(query.with_only_columns(assessments.c.id)))
        assert first is not None
        falls_at = datetime.fromisoformat(first.risk["falls_at"])
        assert falls_at <= first.at < falls_at + timedelta(days=1)  # by day, once it has come
        assert first.score > shop.context.engagement.cooling_from  # by the score alone nobody would have looked
        assert {row.assessment_id for row in shop.ledger("weekly") if row.kind == "missed"} <= caused

        await year.add_event("order_placed", item_id="item03", value="60.00", currency="USD")
        await year.pass_time(1)
        assert await year.phase() is Phase.WON_BACK
        await year.handle.terminate()
