"""Random clients, as facts in memory and as rows of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, Table, insert

from domain.segments.evaluation import ClientFacts, Deed
from models.segment_words import CampaignPlace, ChoiceField, FlagField, Happened, MomentField, NumberField
from models.states import Arm, EnrolmentState, OutreachState
from store import tables as t
from store.segments.happening_conditions import EVENT_TYPES
from tests.support.random_filters import SUBJECT_WORDS, WORDS

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
ITEMS: Final = {"j1": ("knitwear", "acme"), "j2": ("knitwear", "o'neil"), "c1": ("coats", "acme")}
LOCALES: Final = {
    "en": ("en", ""),
    "EN_gb": ("en", "GB"),
    "de-DE": ("de", "DE"),
    "pt-BR": ("pt", "BR"),
    "fr": ("fr", ""),
}


@dataclass
class RandomShop:
    """Clients by id, and the rows that say the same of them."""

    rng: Random
    facts: dict[str, ClientFacts] = field(default_factory=dict)
    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    events: int = 0

    def add(self, table: Table, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def save(self, connection: Connection) -> None:
        """Save all rows; tables that others refer to come first."""
        for table, rows in sorted(self.rows.items(), key=lambda pair: pair[0] is not t.outreaches):
            for keys in sorted({tuple(sorted(row)) for row in rows}):
                connection.execute(insert(table), [row for row in rows if tuple(sorted(row)) == keys])


def draw_shop(seed: int, clients: int) -> RandomShop:
    """Draw a shop of so many clients."""
    shop = RandomShop(Random(seed))
    for item, (category, brand) in ITEMS.items():
        words = {"title": item, "category": category, "brand": brand, "price_cents": 1, "added_at": NOW}
        shop.add(t.items, item_id=item, **words)
    for number in range(clients):
        _add_client(shop, f"c{number}")
    return shop


def _draw_at(rng: Random) -> datetime:
    """Draw a moment, often one at which some window begins or ends."""
    if rng.random() < 0.4:
        return NOW - timedelta(days=rng.choice((0, 1, 2, 7, 30, 90, 14)))
    return (NOW - timedelta(minutes=rng.randint(0, 300 * 1440))).replace(microsecond=rng.randint(0, 999_999))


def _pick(rng: Random, words: tuple[str, ...]) -> list[str]:
    return sorted(rng.sample(words, rng.randint(0, min(2, len(words)))))


def _add_client(shop: RandomShop, key: str) -> None:
    rng = shop.rng
    locale, country = rng.choice(sorted(LOCALES)), rng.choice(("", "", "GB", "FR"))
    language, region = LOCALES[locale]
    signed_up = _draw_at(rng)
    lists = {name: _pick(rng, WORDS[name]) for name in (ChoiceField.TAG, ChoiceField.SIZE, ChoiceField.STYLE)}
    consent, withdrawn = rng.random() < 0.7, rng.random() < 0.2
    purposes = {
        name: {"agreed": rng.random() < 0.5} for name in ("personalisation", "measurement") if rng.random() < 0.6
    }
    shop.add(
        t.clients, client_id=key, email=f"{key}@shop.example", time_zone="UTC", locale=locale, country=country,
        signed_up_at=signed_up, consent=consent, tags=lists[ChoiceField.TAG], sizes=lists[ChoiceField.SIZE],
        quiz={"styles": lists[ChoiceField.STYLE]} if lists[ChoiceField.STYLE] else None, purposes=purposes,
        mailbox=f"box-{key}",
    )  # fmt: skip
    if withdrawn:
        shop.add(t.withdrawals, mailbox=f"box-{key}", at=NOW)
    words = {name: frozenset(values) for name, values in lists.items()} | {
        ChoiceField.LANGUAGE: frozenset({language}),
        ChoiceField.COUNTRY: frozenset({country or region}),
        ChoiceField.COHORT: frozenset({f"{signed_up:%Y-%m}"}),
    }
    flags = {FlagField.CONSENT: consent and not withdrawn}
    flags[FlagField.PERSONALISATION] = purposes.get("personalisation", {"agreed": True})["agreed"]
    flags[FlagField.MEASUREMENT] = purposes.get("measurement", {"agreed": False})["agreed"]
    numbers, moments = {NumberField.ORDERS: 0.0, NumberField.VALUE: 0.0}, {MomentField.SIGNED_UP: signed_up}
    _add_standing(shop, key, words, numbers, moments)
    _add_sums(shop, key, numbers, moments)
    attributes = _add_attributes(shop, key)
    deeds = tuple(deed for n in range(rng.choice((0, 2, 8))) for deed in _add_deeds(shop, key, n))
    places = _add_enrolments(shop, key)
    held = frozenset(flag for flag, is_so in flags.items() if is_so)
    shop.facts[key] = ClientFacts(words, numbers, moments, held, attributes, deeds, places)


def _add_standing(shop: RandomShop, key: str, words: Any, numbers: Any, moments: Any) -> None:
    rng = shop.rng
    if rng.random() < 0.2:
        return
    phase, band = rng.choice(WORDS[ChoiceField.PHASE]), rng.choice(WORDS[ChoiceField.BAND])
    score, risk, since = rng.choice((0.0, 12.5, 40.0, 77.0)), rng.choice((None, 0.29, 0.5, 1.0)), _draw_at(rng)
    shop.add(
        t.standings, client_id=key, phase=phase, band=band, score=score, risk=risk, phase_since=since,
        assessment_id="a", assessed_at=NOW,
    )  # fmt: skip
    words |= {ChoiceField.PHASE: frozenset({phase}), ChoiceField.BAND: frozenset({band})}
    numbers |= {NumberField.SCORE: score} | ({} if risk is None else {NumberField.RISK: risk})
    moments[MomentField.PHASE_SINCE] = since


def _add_sums(shop: RandomShop, key: str, numbers: Any, moments: Any) -> None:
    rng = shop.rng
    if rng.random() < 0.3:
        return
    orders, cents = rng.randint(0, 3), rng.choice((0, 29, 100, 4000, 10_000))
    first, last, seen = (_draw_at(rng) if rng.random() < 0.8 else None for _ in range(3))
    shop.add(
        t.engagement, client_id=key, orders=orders, orders_value_cents=cents, first_order_at=first,
        last_order_at=last, anchor_at=seen,
    )  # fmt: skip
    numbers |= {NumberField.ORDERS: float(orders), NumberField.VALUE: cents / 100}
    if orders:
        numbers[NumberField.AVERAGE_ORDER] = cents / 100 / orders
    known = {MomentField.FIRST_ORDER: first, MomentField.LAST_ORDER: last, MomentField.LAST_EVENT: seen}
    moments |= {name: at for name, at in known.items() if at is not None}


def _add_attributes(shop: RandomShop, key: str) -> Mapping[str, Any]:
    rng = shop.rng
    columns = {"colour": "words", "points": "number", "vip": "flag", "birthday": "day"}
    values: dict[str, Any] = {
        "colour": rng.choice(WORDS["attr.colour"]),
        "points": rng.choice((0.0, 0.29, 5.0, 100.0)),
        "vip": rng.random() < 0.5,
        "birthday": rng.choice((date(2026, 3, 3), date(2026, 5, 31), date(2026, 6, 1))),
    }
    kept = {name: value for name, value in values.items() if rng.random() < 0.6}
    for name, value in kept.items():
        shop.add(t.client_attributes, client_id=key, name=name, updated_at=NOW, **{columns[name]: value})
    return kept


def _add_deeds(shop: RandomShop, key: str, n: int) -> list[Deed]:
    rng = shop.rng
    what = rng.choice([*Happened, *(Happened.ORDERED,) * 6])
    at = _draw_at(rng)
    if what in (Happened.MAILED, Happened.BOUNCED):
        return _add_mail(shop, key, n, what, at)
    shop.events += 1
    about, data, mail = _draw_about(shop, key, what, n)
    cents = rng.choice((0, 29, 1250, 5000)) if what in (Happened.ORDERED, Happened.RETURNED) else None
    shop.add(
        t.events, event_id=f"e{shop.events}", client_id=key, type=EVENT_TYPES[what], occurred_at=at,
        item_id=about.get("item"), value_cents=cents, data=data or None,
    )  # fmt: skip
    order = str(data.get("order_id") or at) if what == Happened.ORDERED else ""
    return [Deed(what, at, **about, **mail, order=order, cents=cents or 0)]


def _draw_about(shop: RandomShop, key: str, what: Happened, n: int) -> tuple[dict[str, str], dict[str, Any], Any]:
    rng, data = shop.rng, dict[str, Any]()
    if what in (Happened.OPENED, Happened.CLICKED):
        mail = {"campaign": rng.choice(SUBJECT_WORDS["campaigns"]), "kind": rng.choice(SUBJECT_WORDS["kinds"])}
        _add_row_of_mail(shop, key, n, OutreachState.FAILED, None, mail)
        data = {"outreach": f"{key}.{n}"} | ({} if rng.random() < 0.5 else {"machine": False})
        return {}, data, mail
    if what == Happened.ORDERED and rng.random() < 0.6:
        data["order_id"] = rng.choice(("o1", "o2"))
    if what in (Happened.KEPT, Happened.SENT_BACK):
        data["kept"] = what == Happened.KEPT
    item = rng.choice(sorted(ITEMS)) if rng.random() < 0.7 else ""
    category, brand = ITEMS.get(item, ("", ""))
    return ({"item": item, "category": category, "brand": brand} if item else {}), data, {}


def _add_mail(shop: RandomShop, key: str, n: int, what: Happened, at: datetime) -> list[Deed]:
    """Add a mail; one that bounced was sent before."""
    mail = {"campaign": shop.rng.choice(SUBJECT_WORDS["campaigns"]), "kind": shop.rng.choice(SUBJECT_WORDS["kinds"])}
    state = OutreachState.SENT if what == Happened.MAILED else OutreachState.BOUNCED
    _add_row_of_mail(shop, key, n, state, at, mail)
    return [Deed(one, at, campaign=mail["campaign"], kind=mail["kind"]) for one in sorted({Happened.MAILED, what})]


def _add_row_of_mail(
    shop: RandomShop, key: str, n: int, state: OutreachState, at: datetime | None, mail: dict[str, str]
) -> None:
    shop.add(
        t.outreaches, client_id=key, n=n, reason_key=f"k{n}", assessment_id="a", score=1.0, phase="active", state=state,
        created_at=NOW, updated_at=NOW, sent_at=at, **mail,
    )  # fmt: skip


def _add_enrolments(shop: RandomShop, key: str) -> frozenset[tuple[CampaignPlace, str]]:
    places = set()
    for campaign in SUBJECT_WORDS["campaigns"]:
        arm = shop.rng.choice((None, *Arm))
        if arm is None:
            continue
        state = shop.rng.choice((EnrolmentState.WAITING, EnrolmentState.COMPLETED))
        shop.add(
            t.enrolments, campaign=campaign, client_id=key, entry="1", state=state, arm=arm, enrolled_at=NOW, at=NOW
        )
        places |= {(CampaignPlace.WAS_IN, campaign)} if arm is not Arm.NEITHER else set()
        places |= {(CampaignPlace.HELD_OUT, campaign)} if arm is Arm.CONTROL else set()
        places |= {(CampaignPlace.IN, campaign)} if arm is Arm.TREATED and state == EnrolmentState.WAITING else set()
    return frozenset(places)
