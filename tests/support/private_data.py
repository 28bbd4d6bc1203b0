"""A client of whom every table holds something, with canaries to be found wherever they must not be."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, LargeBinary, insert, select

from domain.permissions import Action
from models.actors import TEMPORAL, Subject, SubjectKind
from models.answers import AnswerRecord
from models.base import ClientId
from models.campaign import CampaignSpec
from models.catalogue import ItemRow
from models.clients import ClientPolicy, ClientRow
from models.dead_letters import LetterCode, LetterSource
from models.events import EVENT
from models.fixes import FixItem, FixState, FixWish
from models.refreshes import RefreshReport, TopPick, TopPicks
from models.states import HoldSource
from services.clients import registration
from services.ingestion import intake, item_intake
from store import tables as t
from store.activity import write_activity
from store.campaigns import campaigns
from store.clients import holds
from store.events.dead_letters import NewLetter, save_letters
from store.experiments import assignments
from store.fixes import fixes, reservations, waves
from store.learning import decisions, refreshes, top_picks
from store.mail.policy import ShopPolicy

NAME: Final = "Canarina"
ADDRESS: Final = "canary.address@example.org"
NOTE: Final = "canarynote of Wilhelmina"
LETTER: Final = "1" * 32
CANARIES: Final = (NAME, "canary.address", "canarynote", "Wilhelmina")


def save_everything_about(connection: Connection, terms: ShopPolicy, client_id: ClientId, now: datetime) -> str:
    """Save something of the client in every table; return the id of their Fix, whose units are held."""
    row = {"client_id": client_id, "email": ADDRESS, "first_name": NAME, "consent": True, "sizes": ["M"]}
    registration.upsert_clients(connection, [ClientRow.model_validate(row)], terms, now, now)
    piece = {"item_id": "knit-1", "title": "A knit", "category": "knit", "price": "50"}
    item_intake.put_items(connection, [ItemRow.model_validate(piece)], terms, now)
    connection.execute(insert(t.stock).values(sku="knit-1-M", item_id="knit-1", size="M", on_hand=3, reserved=0))
    lost = {"workflow_id": f"client-{client_id}", "client_id": client_id, "since": now, "how": "gone"}
    connection.execute(insert(t.lost_workflows).values(lost))
    connection.execute(insert(t.client_attributes).values(client_id=client_id, name="shoe", words=NOTE, updated_at=now))
    _save_events(connection, terms, client_id, now)
    _save_assessment(connection, client_id, now)
    _save_mail(connection, client_id, now)
    _save_decisions(connection, client_id, now)
    return _save_fix(connection, client_id, now)


def _save_events(connection: Connection, terms: ShopPolicy, client_id: ClientId, now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {"type": "searched", "query": NOTE},
        {"type": "quiz_answered", "styles": ["canarynote"]},
        {"type": "order_placed", "item_id": "knit-1", "value": "50", "offer_code": "SPRING10"},
        {"type": "consent_changed", "consent": True},
        {"type": "fix_feedback", "item_id": "knit-1", "kept": True, "note": NOTE},
    ]
    batch = [
        EVENT.validate_python({"event_id": f"{client_id}.{k}", "client_id": client_id, "occurred_at": now, **row})
        for k, row in enumerate(rows)
    ]
    assert not intake.accept_events(connection, batch, terms, now, now).refused
    connection.execute(
        insert(t.tastes).values(client_id=client_id, until=now - timedelta(days=1), sums={"oc:knit": 1.0})
    )
    holds.add_hold(connection, client_id, HoldSource.OPERATOR, f"ask {NAME}", now)
    refused = {"event_id": f"{client_id}.refused", "client_id": client_id, "type": "searched", "query": NOTE}
    body = json.dumps(refused | {"occurred_at": now.isoformat()})
    letter = NewLetter(LETTER, LetterSource.EVENTS, "events/0/7", LetterCode.REFUSED, "occurred_at", client_id, body)
    save_letters(connection, [letter], now)
    holds.save_policy(connection, client_id, ClientPolicy(preferred_hour=9))
    mail = Subject(kind=SubjectKind.MAIL, id=f"{client_id}/1", client_id=client_id)
    write_activity(connection, TEMPORAL, Action.DECIDE_MAIL, mail, now, now)


def _save_assessment(connection: Connection, client_id: ClientId, now: datetime) -> None:
    score = {"client_id": client_id, "phase": "active", "band": "active", "score": 50.0}
    connection.execute(
        insert(t.standings).values(**score, phase_since=now, assessment_id="a1", assessed_at=now, next_n=2)
    )
    call = {
        "call_id": "call1",
        "key": "at_risk",
        "reason": "missed",
        "assessment_id": "a1",
        "day": "2026-06-01",
        "place": 1,
    }
    more = {"state": "done", "by": "ana", "created_at": now, "until": now}
    connection.execute(insert(t.calls).values(client_id=client_id, **call, **more))
    assessment = {"id": f"{client_id}-a1", "at": now, "algorithm": "recency"}
    connection.execute(insert(t.assessments).values(**score, **assessment))


def _save_mail(connection: Connection, client_id: ClientId, now: datetime) -> None:
    campaigns.create_campaign(connection, CampaignSpec(slug="spring", name="Spring"), now)
    campaigns.update_campaign(connection, "spring", now, cursor=client_id)
    entry = {"campaign": "spring", "client_id": client_id, "entry": "1", "state": "done", "n": 1, "at": now}
    more = {"arm": "treated", "enrolled_at": now}
    connection.execute(insert(t.enrolments).values(**entry, **more))
    draft = {"subject": f"For {NAME}", "items": []}
    mail = {"client_id": client_id, "n": 1, "reason_key": "campaign:spring:1", "kind": "campaign", "campaign": "spring"}
    state = {
        "assessment_id": "a1",
        "score": 50.0,
        "phase": "active",
        "state": "sent",
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(
        insert(t.outreaches).values(**mail, **state, sent_at=now, draft=draft, brief={"first_name": NAME})
    )
    connection.execute(insert(t.offer_grants).values(client_id=client_id, offer="spring-ten", n=1))
    connection.execute(insert(t.outreach_steps).values(client_id=client_id, n=1, at=now, state="sent"))
    endpoint = {"name": "erp", "url": "https://erp.shop.example/hook", "state": "enabled", "why": "", "secret": "x"}
    connection.execute(insert(t.webhook_endpoints).values(**endpoint, old_secret="", created_at=now, created_by="ana"))
    told = {"endpoint": "erp", "message_id": "msg_1", "type": "mail.sent", "client_id": client_id, "n": 1}
    more_told = {"data": {}, "state": "failed", "attempts": 10, "tries": [], "at": now}
    connection.execute(insert(t.webhook_messages).values(**told, **more_told))
    came_back = {"id": "r1", "client_id": client_id, "n": 1, "way": "listener", "kind": "delayed", "raw": NAME}
    connection.execute(insert(t.returns).values(**came_back, at=now))
    desk = {"client_id": client_id, "n": 1, "kind": "campaign", "campaign": "spring", "why": "all", "likeness": "x"}
    decided = {"stage": "fresh", "claimed_by": "", "verdict": "approve", "decided_by": "ana", "decided_at": now}
    connection.execute(insert(t.drafts).values(**desk, **decided, since=now, reason=f"good for {NAME}"))
    connection.execute(insert(t.edits).values(id="e1", client_id=client_id, n=1, draft=draft, by="ana", at=now))


def _save_decisions(connection: Connection, client_id: ClientId, now: datetime) -> None:
    arm = {"subject": client_id, "kind": "flag", "experiment": "longer", "arm": "more", "at": now, "exposed": True}
    assignments.save_assignments(connection, [arm])
    question = {"slot": "ranking", "client_id": client_id, "asked_at": now, "question": "q1", "role": "live"}
    answer: dict[str, Any] = {"variant": "house", "algorithm": "a", "version": "1", "seconds": 0.1, "answer": {}}
    record = AnswerRecord.model_validate({**question, **answer, "propensity": None, "faults": ()})
    decisions.save_decision(connection, record, now, n=1, body=json.dumps({"client": {"note": NOTE}}).encode())
    decisions.save_shadows(connection, [record.model_copy(update={"role": "shadow", "variant": "two"})])
    about = {"client_id": client_id, "n": 1, "agent": "writer", "prompt_version": "1", "model": "m", "verdict": "ok"}
    connection.execute(insert(t.model_calls).values(**about, at=now))
    said = {"parameters": {}, "messages": [{"content": NOTE}], "answer": NAME, "faults": [NOTE]}
    own_call = select(t.model_calls.c.id).where(t.model_calls.c.client_id == client_id).scalar_subquery()
    connection.execute(insert(t.model_transcripts).values(call_id=own_call, client_id=client_id, at=now, **said))
    refreshes.begin_refresh(connection, RefreshReport(refresh="night"), ["ranking"], ["", client_id, "zz"], now)
    listed = (TopPick(item_id="knit-1", score=1.0),)
    list_ = TopPicks(client_id=client_id, context="email", at=now, algorithm="a", artefact="1", items=listed)
    top_picks.save_lists(connection, "night", [list_])


def _save_fix(connection: Connection, client_id: ClientId, now: datetime) -> str:
    fix_id = fixes.save_request(connection, client_id, FixWish(note=NOTE, when="wave"), now, request_key="k")
    box = FixItem(sku="knit-1-M", item_id="knit-1", size="M", category="knit", price_cents=5000, score=0.5)
    assert not reservations.reserve_box(connection, fix_id, [box], now, None)
    this_fix = t.fixes.update().where(t.fixes.c.fix_id == fix_id)
    connection.execute(this_fix.values(state=FixState.PROPOSED, wave_id="w1", note_read={"said": [NOTE]}))
    connection.execute(insert(t.fix_steps).values(fix_id=fix_id, at=now, state="proposed", data={"decided_by": "ana"}))
    connection.execute(t.fix_items.update().values(note=NOTE))
    waves.begin_wave(connection, "w1", [["other", fix_id]], now)
    waves.save_arrays(connection, "w1", "problem/0", {"fixes": np.array(["other", fix_id]), "sku": np.arange(2)}, now)
    return fix_id


def iterate_all_rows(connection: Connection) -> Iterator[tuple[str, str]]:
    """(table, the text of one row), of every table there is; what is compressed or packed is opened."""
    for table in t.metadata.sorted_tables:
        for row in connection.execute(select(table)):
            yield table.name, " ".join(_decode(table.c[name].type, value) for name, value in row._mapping.items())


def _decode(kind: Any, value: Any) -> str:
    if not isinstance(kind, LargeBinary) or value is None:
        return str(value)
    packed = bytes(value)
    return packed.replace(b"\0", b"").decode("latin-1") if packed[:2] == b"PK" else zlib.decompress(packed).decode()
