"""On the client's page a person settles a mail of which nobody knows whether it arrived."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient
from sqlalchemy import select

from store.database import read_transaction
from store.tables import activity, outreaches
from tests.services.mailing.test_resolution import lose_mail
from tests.support.shop import Shop
from web.app import create_app


def load_state(shop: Shop) -> str | None:
    with read_transaction(shop.engine) as connection:
        return connection.scalar(select(outreaches.c.state))


def test_one_who_signed_in_says_that_it_arrived(shop: Shop) -> None:
    lose_mail(shop)
    settings = shop.settings.model_copy(
        update={"smtp_url": shop.settings.smtp, "worker_health_url": "none", "open_pages": True}
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as browser:
        page = browser.get("/clients/c").text
        assert "Nobody knows whether it arrived" in page
        found = re.search(r'/mails/1/resolve">\s*<input type="hidden" name="token" value="([^"]+)"', page)
        assert found is not None
        wrong = browser.post("/clients/c/mails/1/resolve", data={"token": "no", "verdict": "arrived"})
        assert wrong.status_code >= 400
        assert load_state(shop) == "unknown"
        form = {"token": found[1], "verdict": "arrived", "because": "server_log"}
        done = browser.post("/clients/c/mails/1/resolve", data=form, follow_redirects=False)
        assert (done.status_code, done.headers["location"]) == (303, "/clients/c#mail-1")
        again = browser.post("/clients/c/mails/1/resolve", data=form)
        assert again.status_code >= 400
    assert load_state(shop) == "sent"
    with read_transaction(shop.engine) as connection:
        row = connection.execute(select(activity.c.action, activity.c.data)).one()
    assert (row.action, row.data) == ("mail.resolve", {"answer": "arrived", "because": "server_log"})
