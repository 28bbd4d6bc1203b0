"""What a filter asks of events, of mails sent, and of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, exists, func, select, true

from domain.outreach import RETURNED
from domain.segments.evaluation import compute_bounds
from domain.states import OPEN_PLACES
from models.segment_words import CampaignPlace, Count, CountOp, Happened, Worth
from models.segments import Enrolment, Happening
from models.states import Arm, OutreachState
from store.segments.client_conditions import list_bounds
from store.segments.row_tests import Conjunction, RowTest
from store.sql.epoch import micros
from store.tables import enrolments, events, items, outreaches

_e, _o, _n = events.c, outreaches.c, enrolments.c
_LEDGER: Final = {
    Happened.MAILED: tuple(sorted({OutreachState.SENT, *RETURNED})),
    Happened.BOUNCED: (OutreachState.BOUNCED,),
}
"""States of mails, of which the ledger and not the events knows."""
EVENT_TYPES: Final = {
    Happened.ORDERED: "order_placed",
    Happened.RETURNED: "order_returned",
    Happened.VIEWED: "item_viewed",
    Happened.CLICKED_ITEM: "item_clicked",
    Happened.CARTED: "added_to_cart",
    Happened.SEARCHED: "searched",
    Happened.WISHLISTED: "wishlisted",
    Happened.REQUESTED_FIX: "fix_requested",
    Happened.KEPT: "fix_feedback",
    Happened.SENT_BACK: "fix_feedback",
    Happened.ANSWERED_QUIZ: "quiz_answered",
    Happened.CHANGED_CONSENT: "consent_changed",
    Happened.OPENED: "email_opened",
    Happened.CLICKED: "email_clicked",
    Happened.COMPLAINED: "email_complained",
    Happened.UNSUBSCRIBED: "unsubscribed",
}
_ORDER: Final = func.coalesce(_e.data["order_id"].as_string(), cast(micros(_e.occurred_at), Text))
"""What the lines of one order share."""


def build_happening(leaf: Happening, now: datetime) -> Conjunction:
    """Build what a filter asks of something that happened."""
    rows = _test_mails(leaf, now) if leaf.what in _LEDGER else _test_events(leaf, now)
    if leaf.worth:
        return _weigh(rows, leaf.worth)
    return _count(rows, leaf.count, func.count(_ORDER.distinct()) if leaf.what == Happened.ORDERED else func.count())


def _count(rows: RowTest, count: Count | None, times: ColumnElement[int]) -> Conjunction:
    if count is None or count.op == CountOp.AT_LEAST:
        return Conjunction((_test_times(rows, 1 if count is None else count.times, times),))
    fewer = _test_times(rows, count.times + 1, times).negate()
    if count.op == CountOp.AT_MOST or count.times == 0:
        return Conjunction((fewer,))
    return Conjunction((_test_times(rows, count.times, times), fewer))


def _test_times(rows: RowTest, least: int, times: ColumnElement[int]) -> RowTest:
    if least == 0:  # nobody has rows under a condition that never holds, so everybody has none
        return rows._replace(where=(~true(),), absent=True)
    return rows if least == 1 else rows._replace(having=times >= least)


def _weigh(rows: RowTest, worth: Worth) -> Conjunction:
    cents, total = round(worth.amount * 100), func.sum(_e.value_cents)
    if worth.op == CountOp.AT_MOST:
        return Conjunction((rows._replace(having=total > cents, absent=True),))
    if cents == 0:
        return Conjunction((_test_times(rows, 0, total),))
    return Conjunction((rows._replace(having=total >= cents),))


def _test_events(leaf: Happening, now: datetime) -> RowTest:
    where = [_e.type == EVENT_TYPES[leaf.what], *list_bounds(_e.occurred_at, compute_bounds(leaf.window, now))]
    if leaf.what in (Happened.KEPT, Happened.SENT_BACK):
        where.append(_e.data["kept"].as_boolean().is_(leaf.what == Happened.KEPT))
    if leaf.what in (Happened.OPENED, Happened.CLICKED):
        where.append(_e.data["machine"].as_boolean().is_not(True))
    if leaf.items:
        where.append(_e.item_id.in_(leaf.items))
    if about := _select_items(leaf):
        where.append(_e.item_id.in_(select(items.c.item_id).where(*about)))
    if leaf.campaigns or leaf.kinds:
        where.append(_match_mail(leaf))
    return RowTest(_e.client_id, tuple(where))


def _select_items(leaf: Happening) -> list[ColumnElement[bool]]:
    pairs: list[tuple[Any, tuple[str, ...]]] = [(items.c.category, leaf.categories), (items.c.brand, leaf.brands)]
    return [column.in_(values) for column, values in pairs if values]


def _match_mail(leaf: Happening) -> ColumnElement[bool]:
    """Build the condition that the event names a mail of these campaigns or kinds."""
    named = _e.data["outreach"].as_string() == _o.client_id + "." + cast(_o.n, Text)
    mail = select(_o.n).where(_o.client_id == _e.client_id, named, *_narrow_mails(leaf))
    return exists(mail.correlate(events))


def _narrow_mails(leaf: Happening) -> list[ColumnElement[bool]]:
    pairs: list[tuple[Any, tuple[str, ...]]] = [(_o.campaign, leaf.campaigns), (_o.kind, leaf.kinds)]
    return [column.in_(values) for column, values in pairs if values]


def _test_mails(leaf: Happening, now: datetime) -> RowTest:
    sent = list_bounds(_o.sent_at, compute_bounds(leaf.window, now))
    return RowTest(_o.client_id, (_o.state.in_(_LEDGER[leaf.what]), *sent, *_narrow_mails(leaf)))


def build_enrolment(leaf: Enrolment) -> Conjunction:
    """Build what a filter asks of the client's place in a campaign."""
    place = {
        CampaignPlace.IN: (_n.arm == Arm.TREATED, _n.state.in_(sorted(OPEN_PLACES))),
        CampaignPlace.WAS_IN: (_n.arm != Arm.NEITHER,),
        CampaignPlace.HELD_OUT: (_n.arm == Arm.CONTROL,),
    }[leaf.place]
    return Conjunction((RowTest(_n.client_id, (_n.campaign == leaf.campaign, *place)),))
