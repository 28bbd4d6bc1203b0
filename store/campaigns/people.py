"""The clients of a campaign, one by one."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select

from domain.campaign_people import Place
from domain.outreach import ASIDE
from models.base import CampaignSlug, ClientId
from models.states import Arm, EnrolmentState, OutreachState
from store.sql.bulk import among
from store.tables import enrolments, outreaches, standings

_E = enrolments.c
_O = outreaches.c
_WITH_MAIL: Final = enrolments.outerjoin(outreaches, and_(_O.client_id == _E.client_id, _O.n == _E.n))
_IN_MAIL: Final = _E.state.in_((EnrolmentState.IN_STEP, EnrolmentState.COMPLETED))
_DROPPED: Final = (OutreachState.SUPPRESSED, OutreachState.REJECTED, OutreachState.EXPIRED)
_STATE: Final[ColumnElement[str]] = case(
    (and_(_IN_MAIL, _O.state.in_((OutreachState.FAILED, OutreachState.UNKNOWN))), EnrolmentState.FAILED.value),
    (and_(_IN_MAIL, _O.state.in_(_DROPPED)), EnrolmentState.DROPPED.value),
    (and_(_IN_MAIL, _O.state.in_((OutreachState.SCHEDULED, *sorted(ASIDE)))), EnrolmentState.WAITING.value),
    else_=_E.state,
)
"""The state as people see it: a mail that failed or was dropped says more than that its step is over."""


class PersonRow(NamedTuple):
    """A client of a campaign. `seen_as`: the state as people see it."""

    client_id: ClientId
    entry: str
    seen_as: EnrolmentState
    arm: Arm
    since: Any
    n: int | None
    place: Place


def list_people(
    connection: Connection,
    slug: CampaignSlug,
    *,
    state: EnrolmentState | None = None,
    code: str = "",
    client_ids: tuple[ClientId, ...] = (),
    after: ClientId = "",
    limit: int = 1_000,
) -> list[PersonRow]:
    """List the clients of a campaign after `after`, in the order of their ids: all, or those in a state, with a code,
    or of these ids. The last one comes with all their places, beyond `limit` too."""
    query = _PEOPLE.where(_E.campaign == slug, _E.client_id > after)
    if state is not None:
        query = query.where(_STATE.in_([state.value]))
    if code:
        query = query.where((_O.code == code) | ((_E.code == code) & (_O.code.is_(None) | (_O.code == ""))))
    if client_ids:
        query = query.where(among(connection, _E.client_id, client_ids))
    query = query.order_by(_E.client_id, _E.entry)
    rows = list(connection.execute(query.limit(limit)))
    if len(rows) == limit:
        rows += connection.execute(query.where(_E.client_id == rows[-1].client_id, _E.entry > rows[-1].entry))
    return [_parse_person(row) for row in rows]


def count_states(connection: Connection, slug: CampaignSlug) -> dict[str, int]:
    """Count the clients of a campaign by the state as people see it."""
    query = select(_STATE, func.count()).select_from(_WITH_MAIL).where(_E.campaign == slug).group_by(_STATE)
    return {row[0]: row[1] for row in connection.execute(query)}


_PEOPLE: Final = select(
    _E.client_id,
    _E.entry,
    _E.state,
    _E.code,
    _E.arm,
    _E.at,
    _E.n,
    _STATE.label("seen_as"),
    _O.state.label("mail_state"),
    _O.code.label("mail_code"),
    _O.send_at,
    _O.created_at.label("mail_created_at"),
    _O.updated_at.label("mail_at"),
    standings.c.why_not,
    standings.c.next_touch_at,
).select_from(_WITH_MAIL.outerjoin(standings, standings.c.client_id == _E.client_id))


def _parse_person(row: Row[Any]) -> PersonRow:
    place = Place(
        EnrolmentState(row.state),
        row.code,
        OutreachState(row.mail_state) if row.mail_state else None,
        row.mail_code or "",
        row.send_at,
        row.mail_created_at,
        row.why_not or "",
        row.next_touch_at,
    )
    since = max(row.at, row.mail_at) if row.mail_at else row.at
    return PersonRow(row.client_id, row.entry, EnrolmentState(row.seen_as), Arm(row.arm), since, row.n, place)
