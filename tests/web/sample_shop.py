"""A small shop with a history, written straight into the store, on which pages are tested."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, insert

from domain.churn_risk import ChurnRisk
from domain.engagement import Engagement, EngagementRules, EngagementScore, score_client
from models.base import utc
from store import tables as t
from store.database import write_transaction

NOW = utc(2026, 11, 21, 12)
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


ADAS = [ago(days) for days in (230, 190, 175, 160, 86)]
"""When Ada bought something."""


def seed(engine: Engine) -> None:
    """Ada cools and was mailed twice; `evil` has hostile words everywhere; forty others only exist."""
    with write_transaction(engine) as connection:

        def put(table: Any, *rows: dict[str, Any]) -> None:
            for row in rows:
                connection.execute(insert(table).values(**row))

        put(
            t.items,
            build_item("coat-1", "Ashby wool overcoat", "coat", "navy"),
            build_item("bag-1", HOSTILE, "bag", "camel"),
        )
        put(t.stock, {"sku": "coat-1-M", "item_id": "coat-1", "size": "M", "on_hand": 4})
        put(t.clients, _client("ada", "Ada"), _client("evil", HOSTILE[:64], tags=[HOSTILE]))
        put(t.clients, *(_client(f"client{n:03d}", f"Person {n}") for n in range(40)))
        put(t.events, *(_order("ada", f"o{n}", at) for n, at in enumerate(ADAS)))
        put(t.events, _order("evil", "e1", ago(3), "bag-1"))
        put(t.engagement, _stats("ada", ADAS), _stats("evil", [ago(3)]))
        put(t.standings, _state_row("ada", ADAS), _state_row("evil", [ago(3)]))
        put(t.assessments, *(_assessment("ada", n, ADAS, ago(n * 20)) for n in range(8)))
        put(t.outreaches, _mail("ada", 1, "welcome", "sent", ago(180)), _mail("ada", 2, "missed", "sent", ago(12)))
        put(t.outreaches, _mail("ada", 3, "new_in", "scheduled", None), _mail("evil", 1, "welcome", "sent", ago(2)))
        put(t.outreach_steps, *_steps("ada", 1, 180), *_steps("ada", 2, 12), *_steps("evil", 1, 2))
        put(t.holds, {"client_id": "evil", "source": "operator", "since": ago(1), "reason": HOSTILE[:120]})
        put(t.campaigns, _campaign("spring", "Spring arrivals"), _campaign("evil", HOSTILE))
        put(
            t.enrolments,
            *(_enrolment("spring", f"client{n:03d}", "completed" if n < 9 else "waiting") for n in range(12)),
        )
        put(t.decisions, _decision("ada", 2))
        put(t.items, *(build_item(f"knit-{n}", f"Fisherman's knit {n}", "knitwear", "oat") for n in range(4)))
        put(t.refreshes, _refresh())
        put(t.fixes, _fix("f1", "ada", "proposed"), _fix("f2", "evil", "shipped"), _fix("f3", "client001", "cancelled"))
        put(t.fix_items, _unit("f1", "coat-1", "held"), _unit("f1", "knit-0", "held"), _unit("f2", "bag-1", "returned"))
        put(t.fix_steps, *(_fix_step("f1", state) for state in ("requested", "ranked", "assembled", "proposed")))
        endpoint = {"name": "warehouse", "url": "https://hooks.shop.example/selvedge/" + "x" * 90, "state": "enabled"}
        put(t.webhook_endpoints, endpoint | {"why": "", "secret": "", "old_secret": "", **_SINCE})
        put(t.webhook_subscriptions, *({"endpoint": "warehouse", "type": kind} for kind in _TOLD))
        put(t.webhook_messages, *(_webhook_message(n, state) for n, state in enumerate(_MESSAGE_STATES)))


_SINCE: Final = {"created_at": ago(9), "created_by": "Eve", "failing_since": ago(0.1)}
_TOLD: Final = ("mail.sent", "mail.bounced", "fix.state_changed")
_MESSAGE_STATES: Final = ("delivered", "delivered", "held", "failed", "waiting")


def _webhook_message(n: int, state: str) -> dict[str, Any]:
    """A message of which each try but the last failed."""
    good = {"at": ago(n / 24).isoformat(), "status": 204 if state == "delivered" else 503, "fault": "", "ms": 31}
    tries = [{"at": ago(n / 20).isoformat(), "status": None, "fault": "late", "ms": 15_000}, good]
    told = {"endpoint": "warehouse", "message_id": f"msg_{n:024x}", "type": _TOLD[n % 3], "at": ago(n / 20)}
    about = {"client_id": "ada", "n": 2, "data": {"code": "hard_5.1.1"} if n == 1 else {}}
    due = {"attempts": 2, "tries": tries, "due_at": NOW + timedelta(hours=2)}
    return {**told, **about, **due, "state": state}


def _refresh() -> dict[str, Any]:
    """A refresh in which a ranking became champion and prices had drifted."""
    better = {"slot": "ranking", "verdict": "better", "artefact": "hybrid-2", "measure": "ndcg@10", "promoted": True}
    better |= {"clients": 812, "difference": 0.0125, "low": 0.0031, "high": 0.0219, "served": 0.1, "tried": 0.1125}
    few = {"slot": "fit", "verdict": "too_few", "artefact": "", "measure": "brier", "promoted": False, "clients": 14}
    few |= {"difference": 0.0, "low": 0.0, "high": 0.0, "served": 0.2, "tried": 0.2}
    worse = few | {"slot": "risk", "difference": -0.01, "low": -0.02, "high": 0.001}
    drifted = {"feature": "price of an item", "statistic": 0.31, "p": 0.0, "before": 900, "now": 1_100, "alarm": True}
    days = {"since": ago(57).isoformat(), "cut": ago(29).isoformat(), "until": ago(1).isoformat()}
    report = {"refresh": "2026-05-31", "slots": [better, few, worse], "drift": [drifted], "picked": 42, **days}
    return {"refresh_id": "2026-05-31", "at": ago(1), "state": "done", "plan": {}, "report": report}


def build_item(item_id: str, title: str, category: str, colour: str) -> dict[str, Any]:
    return {
        "item_id": item_id, "title": title, "category": category, "brand": "Harrowvale", "colour": colour,
        "price_cents": 28_900, "cost_cents": 9_000, "season": "winter", "sizes": ["S", "M"], "tags": ["classic"],
        "sustainability": 0.7, "added_at": ago(90),
    }  # fmt: skip


def _client(client_id: str, name: str, tags: list[str] | None = None) -> dict[str, Any]:
    return {
        "client_id": client_id, "email": f"{client_id}@example.com", "first_name": name, "time_zone": "Europe/Paris",
        "time_zone_assumed": False, "locale": "en", "signed_up_at": ago(210), "consent": True, "sizes": ["M"],
        "tags": tags or ["vip"], "policy": {}, "quiz": {"styles": ["classic"], "colours": ["navy"]},
    }  # fmt: skip


def _order(client_id: str, event_id: str, at: datetime, item_id: str = "coat-1") -> dict[str, Any]:
    return {
        "event_id": event_id, "client_id": client_id, "type": "order_placed", "occurred_at": at, "item_id": item_id,
        "quantity": 1, "value_cents": 28_900,
    }  # fmt: skip


def _stats(client_id: str, orders: list[datetime]) -> dict[str, Any]:
    stats = Engagement()
    for at in orders:
        stats = stats.add_event(EngagementRules(), "order_placed", at, 28_900)
    return {
        "client_id": client_id, "anchor_at": stats.anchor_at, "frequency": stats.frequency, "monetary": stats.monetary,
        "last_order_at": stats.last_order_at, "first_order_at": min(orders), "orders": len(orders),
        "orders_value_cents": 28_900 * len(orders),
    }  # fmt: skip


def _score_at(orders: list[datetime], at: datetime) -> EngagementScore:
    stats = Engagement()
    for order in orders:
        if order <= at:
            stats = stats.add_event(EngagementRules(), "order_placed", order, 28_900)
    return score_client(EngagementRules(), stats, at)


def _state_row(client_id: str, orders: list[datetime]) -> dict[str, Any]:
    reading = _score_at(orders, NOW)
    return {
        "client_id": client_id, "phase": reading.band, "phase_since": ago(9), "band": reading.band,
        "score": reading.score, "assessment_id": f"{client_id}-a0", "assessed_at": NOW, "next_touch_at": ago(-1),
        "wake_at": ago(-1), "crosses_at": reading.crosses_at, "lift_score": reading.lift_score, "why_not": "",
        "next_n": 4,
    }  # fmt: skip


RISK = ChurnRisk(
    algorithm="cadence", version="risk-1", horizon_days=90, orders=5, p_alive=0.81, p_order=0.6, expected_orders=1.1,
    falls_at=ago(-30), why="5 orders, usually 20 days apart; the last 10 days ago, within the usual gap",
)  # fmt: skip


def _assessment(client_id: str, n: int, orders: list[datetime], at: datetime) -> dict[str, Any]:
    reading = _score_at(orders, at)
    return {
        "id": f"{client_id}-a{n}", "client_id": client_id, "at": at, "score": reading.score, "band": reading.band,
        "phase": reading.band, "algorithm": "decayed-rfv/2, cadence" if client_id == "ada" else "decayed-rfv/2",
        "risk": RISK.model_dump(mode="json") if client_id == "ada" else None,
    }  # fmt: skip


PLUGGED: dict[tuple[str, int], dict[str, Any]] = {
    ("ada", 1): {"score": 0.77},
    ("ada", 3): {"score": 100.0, "by": "colours"},
}
"""Picks whose score is not the built-in one; the first is older than the field `by`."""


def _mail(client_id: str, n: int, kind: str, state: str, sent_at: datetime | None) -> dict[str, Any]:
    hostile = client_id == "evil"
    item = "bag-1" if hostile else "coat-1"
    words = HOSTILE if hostile else "The wool coat you liked is back"
    parts = {"match": 0.31, "trend": 0.12, "inventory": 0.08, "margin": 0.06, "freshness": 0.05, "season": 0.1}
    return {
        "client_id": client_id, "n": n, "reason_key": f"{kind}/{n}", "kind": kind, "assessment_id": f"{client_id}-a{n}",
        "score": 24.0, "phase": "cooling", "state": state, "send_at": sent_at or ago(-1), "sent_at": sent_at,
        "composed_by": "house", "prompt_version": "house/1", "created_at": (sent_at or NOW) - timedelta(hours=5),
        "updated_at": sent_at or NOW, "message_id": f"<{client_id}.{n}@example.com>",
        "draft": {
            "subject": words[:90], "preheader": words[:140], "greeting": f"Hello {words}"[:90], "paragraphs": [words],
            "items": [{"item_id": item, "text": words}], "call_to_action": "See it",
        },
        "brief": {"facts": [{"code": "last_item", "text": words}]},
        "picks": [{"item_id": item, "score": sum(parts.values()), "parts": parts} | PLUGGED.get((client_id, n), {})],
    }  # fmt: skip


def _steps(client_id: str, n: int, days: float) -> list[dict[str, Any]]:
    states = ("briefed", "picked", "scheduled", "claimed", "data", "sent")
    return [
        {"client_id": client_id, "n": n, "at": ago(days) + timedelta(minutes=index), "state": state, "code": ""}
        for index, state in enumerate(states)
    ]


def _campaign(slug: str, name: str) -> dict[str, Any]:
    spec = {
        "slug": slug, "name": name, "message": name, "voice": "", "audience": {"phases": ["cooling"], "tags": ["vip"]},
        "throughput_per_minute": 60, "priority": 50, "entry": "1", "ends_at": None, "control_share": 0.1,
    }  # fmt: skip
    return {
        "slug": slug, "spec": spec, "state": "paused" if slug == "evil" else "running", "reason": name[:120],
        "epoch": 1, "overdue": "replan", "cursor": "", "enrolled_all": False, "created_at": ago(2), "updated_at": NOW,
    }  # fmt: skip


def _enrolment(campaign: str, client_id: str, state: str) -> dict[str, Any]:
    return {
        "campaign": campaign, "client_id": client_id, "entry": "1", "state": state, "code": "", "arm": "treated",
        "enrolled_at": ago(1), "at": ago(1),
    }  # fmt: skip


def _decision(client_id: str, n: int) -> dict[str, Any]:
    return {
        "id": "d1", "slot": "ranking", "algorithm": "blend", "version": "1", "client_id": client_id, "n": n,
        "at": ago(12), "question": "q1", "answer": {"items": [{"item_id": "coat-1", "score": 0.72}]}, "seconds": 0.0024,
    }  # fmt: skip


def _fix(fix_id: str, client_id: str, state: str) -> dict[str, Any]:
    words = HOSTILE if client_id == "evil" else "A coat for the walk to work, nothing over 300"
    ranked = ["coat-1", "knit-0", "knit-1", "bag-1", "knit-2", "knit-3"]
    return {
        "fix_id": fix_id, "client_id": client_id, "state": state, "note": words, "created_at": ago(1),
        "updated_at": ago(0.5), "decide_by": ago(-1), "algorithm": "exact", "version": "1", "objective": 1.22,
        "wish": {"slots": 2, "budget": "600", "category_cap": 2, "colour_cap": 3, "exclude_colours": ["red"]},
        "note_read": {"by": "house", "said": [f"Wants {words}"[:80]], "fields": {}},
        "candidates": {
            "items": [_candidate(item_id, 0.7 - n / 20) for n, item_id in enumerate(ranked)],
            "left_out": {"too_dear": ["bag-1"]}, "counts": {"too_dear": 4, "out_of_stock": 2},
        },
    }  # fmt: skip


def _candidate(item_id: str, score: float) -> dict[str, Any]:
    return {
        "sku": f"{item_id}-M", "item_id": item_id, "size": "M", "category": item_id.partition("-")[0], "colour": "navy",
        "price_cents": 28_900, "score": score, "p_fit": 0.86, "why": "Like the coat you kept.",
    }  # fmt: skip


def _unit(fix_id: str, item_id: str, state: str) -> dict[str, Any]:
    note = HOSTILE if fix_id == "f2" else None
    fit, feedback = ("small", {"price": "too_high"}) if note else (None, None)
    return {
        "fix_id": fix_id, "sku": f"{item_id}-M", "item_id": item_id, "size": "M", "price_cents": 28_900, "score": 0.61,
        "p_fit": 0.86, "state": state, "held_until": ago(-2), "fit": fit, "feedback": feedback, "note": note,
        "updated_at": ago(0.5),
    }  # fmt: skip


def _fix_step(fix_id: str, state: str) -> dict[str, Any]:
    return {"fix_id": fix_id, "at": ago(0.9), "state": state, "code": ""}
