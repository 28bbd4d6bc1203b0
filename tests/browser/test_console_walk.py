"""Every page of the console in a real browser, at desk width in the light and at phone width in the dark."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser
from sqlalchemy import select, update

from ingest.definitions import read_definition
from ingest.flag_files import parse_flag
from ingest.uploads import Uploads
from models.actors import Actor, Channel, Role
from models.offers import OfferOrder
from models.simulation import dump_stored
from services.campaigns.definitions import save_draft
from services.flags.lifecycle import save_flag, start_flag
from services.offers.lifecycle import save_offer
from settings import Settings
from store import tables as t
from store.campaigns.campaigns import update_campaign
from store.campaigns.simulations import save_simulation
from store.database import connect, write_transaction
from store.privacy import erasure
from tests.browser.walk import CONTRAST, RULES, Watch, list_violations
from tests.support.desk import put_draft
from tests.support.simulations import build_kept_report
from tests.web.sample_shop import NOW
from web.app import CONSOLE

PAGES: Final = (
    *("/", "/kpis", "/kpis/average_order_value", "/review", "/review/ada:8", "/design"),
    *("/clients", "/clients/ada", "/clients/evil", "/clients/ada/edit", "/new-client"),
    *("/clients/ada/acts/pause", "/clients/ada/acts/wishes", "/clients/ada/acts/fix", "/clients/evil/acts/resume"),
    *("/campaigns", "/campaigns/spring", "/campaigns/evil", "/campaigns/spring/people"),
    *("/campaigns/spring/acts/adjust", "/campaigns/spring/acts/end", "/campaigns/evil/acts/resume"),
    *("/fixes", "/fixes?state=", "/fixes/f1", "/fixes/f2", "/fixes/f3", "/fixes/f1?search=knit", "/calls"),
    *("/mails", "/mailbox", "/mailbox/1", "/mailbox/2?view=text", "/mailbox/1?view=headers"),
    *(
        "/goods",
        "/algorithms",
        "/algorithms/ranking/comparison",
        "/flags/longer",
        "/refreshes",
        "/system",
        "/settings",
        "/activity",
        "/team",
        "/keys",
        "/sign-in",
    ),
    *("/import", "/import/aaaa"),
    *("/decisions/d1", "/fixes/f1/workflow", "/clients/client039/erasure"),
    *("/webhooks", "/webhooks/warehouse", "/dead-letters", "/offers", "/offers/welcome"),
    *("/suppressions", "/new-campaign", "/campaigns/autumn", "/campaigns/autumn/build", "/campaigns/autumn/versions"),
    *("/campaigns/spring/preview", "/campaigns/autumn/preview", "/campaigns/evil/preview"),
    *("/campaigns/spring/simulation", "/campaigns/evil/simulation"),
)
FLAG: Final = """
name: More items
arms: [{name: as-now, share: 0.5}, {name: longer, share: 0.5, effect: {count: 12, delay_ms: 800, shown: true}}]
"""
NO_PAGES: Final = ("/me", "/clients/{client_id}/export", "/mailbox/{mail_id}/html", "/mailbox/{mail_id}/raw")
"""What asks for an account of one's own, and what is no page."""
DEMO: Final = Actor(who="demo", role=Role.OWNER, channel=Channel.PAGE)
LOOKS: Final = ((1440, "light", RULES), (390, "dark", CONTRAST))
"""What differs in the dark are the colours; at both widths it is one document."""


@pytest.fixture(scope="module")
def shop(site: str, home: Path) -> str:
    """The site, with two drafts on the desk and a simulation of a campaign that runs."""
    engine = connect(f"sqlite:///{home / 'selvedge.db'}")
    with write_transaction(engine) as connection:
        put_draft(connection, "ada", 8, updated_at=datetime.now(UTC))
        put_draft(connection, "evil", 8)
        erasure.request_erasure(connection, "a signing key for tests", "client039", NOW, NOW)
    draft = read_definition(Path("examples/campaigns/abandoned-cart.yaml")).model_copy(update={"slug": "autumn"})
    settings = Settings(home=home, _env_file=None)
    save_draft(engine, DEMO, draft, settings, NOW, NOW)
    save_flag(engine, DEMO, "longer", parse_flag(FLAG), NOW, NOW)
    start_flag(engine, DEMO, settings, "longer", NOW, NOW)
    save_offer(engine, DEMO, "welcome", OfferOrder(name="Welcome", code="HELLO10", percent=10), settings, NOW, NOW)
    with write_transaction(engine) as connection:
        report = dump_stored(build_kept_report("spring", NOW.date()))
        save_simulation(connection, "s1", "spring", "demo", report, NOW)
        update_campaign(connection, "spring", NOW, started_at=NOW)
    engine.dispose()
    _send_in(Uploads(home))
    return site


def _send_in(uploads: Uploads) -> None:
    content = io.BytesIO(b"Kunden-Nr;E-Mail;Vorname;Internes\nn1;n1@example.com;Zo\xc3\xab;x\nn2;nobody;Ben;x\n")
    job = uploads.save("clients", "customers.csv", content, "demo", datetime.now(UTC))
    folder = uploads.find_file(job).parent
    folder.rename(folder.with_name("aaaa"))
    uploads.put(job.model_copy(update={"import_id": "aaaa"}))


@pytest.mark.parametrize(("width", "scheme", "rules"), LOOKS)
def test_every_page_draws_fits_and_passes_the_checker(
    chromium: Browser, shop: str, width: int, scheme: str, rules: dict[str, object]
) -> None:
    context = chromium.new_context(bypass_csp=True, viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page, faults = context.new_page(), list[str]()
    watch = Watch(page, shop)
    for path in PAGES:
        page.goto(shop + path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults += [f"{path}: {wider} pixels too wide"] * (wider > 0)
        faults += [f"{path}: not one heading"] * (page.locator("main h1").count() != 1)
        faults += [f"{path}: something in it acted"] * (page.title() == "owned")
        faults += [f"{path}: {said}" for said in list_violations(page, rules)]
        faults += [f"{path}: {said}" for said in watch.complaints]
        watch.complaints.clear()
    context.close()
    assert not faults, "\n".join(faults)


def test_the_policy_lets_a_page_run_as_it_is(chromium: Browser, shop: str) -> None:
    """The walk lifts the content policy for the checker; the pages' own scripts and styles pass it."""
    context = chromium.new_context()
    page = context.new_page()
    watch = Watch(page, shop)
    for path in ("/", "/clients", "/review/ada:8", "/fixes/f1", "/design"):
        page.goto(shop + path)
        page.wait_for_load_state("networkidle")
    assert watch.complaints == []
    context.close()


def test_no_page_of_the_console_is_left_out() -> None:
    shown = [path.partition("?")[0] for path in PAGES]
    routes = [route for router in CONSOLE for route in router.routes if isinstance(route, APIRoute)]
    pages = {route.path for route in routes if "GET" in (route.methods or ()) and "." not in route.path}
    patterns = {path: re.sub(r"\{[^}]+\}", "[^/]+", path) for path in pages - set(NO_PAGES)}
    assert [path for path, pattern in patterns.items() if not any(re.fullmatch(pattern, one) for one in shown)] == []


NAMED: Final = (
    *("/", "/kpis/revenue_at_risk", "/clients", "/clients/ada", "/clients/ada/edit", "/clients/ada/acts/pause"),
    *("/fixes?state=", "/fixes/f1", "/fixes/f2", "/calls?state=", "/campaigns", "/campaigns/spring", "/review"),
    *("/campaigns/spring/people", "/review/ada:8", "/mails", "/activity", "/decisions/d1"),
)
"""Where names, titles and words stand."""
LONG: Final = ("W" * 150 + "\u202eزوي 🧥 <b>" + "\U0001f9e5" * 140)[:300]
"""A name of 300 characters: no blank to break at, right-to-left with an override, markup, emoji."""


@pytest.mark.parametrize(("width", "scheme", "rules"), LOOKS)
def test_names_of_300_characters_in_any_script_fit_on_every_page(
    chromium: Browser, shop: str, home: Path, width: int, scheme: str, rules: dict[str, object]
) -> None:
    engine = connect(f"sqlite:///{home / 'selvedge.db'}")
    with write_transaction(engine) as connection:
        connection.execute(update(t.clients).values(first_name=LONG, tags=[LONG]))
        connection.execute(update(t.items).values(title=LONG, brand=LONG))
        connection.execute(update(t.fixes).values(note=LONG, stylist_note=LONG))
        spec: Any = connection.scalar(select(t.campaigns.c.spec).where(t.campaigns.c.slug == "spring"))
        connection.execute(
            update(t.campaigns).values(spec={**spec, "name": LONG[:120]}).where(t.campaigns.c.slug == "spring")
        )
        draft: Any = connection.scalar(select(t.outreaches.c.draft).where(t.outreaches.c.n == 8))
        connection.execute(update(t.outreaches).values(draft={**draft, "subject": LONG[:90]}))
    engine.dispose()
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page, faults = context.new_page(), list[str]()
    watch = Watch(page, shop)
    for path in NAMED:
        page.goto(shop + path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults += [f"{path}: {wider} pixels too wide"] * (wider > 0)
        alive = page.evaluate("[...document.querySelectorAll('main b')].some(e => e.textContent.startsWith('🧥'))")
        faults += [f"{path}: markup came alive"] * alive
        faults += [f"{path}: {said}" for said in watch.complaints]
        watch.complaints.clear()
    context.close()
    assert not faults, "\n".join(faults)
