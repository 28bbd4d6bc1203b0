"""The clients of a campaign, one by one."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, literal, select

from domain.campaign_people import Place
from domain.outreach import ASIDE, SETTLED
from models.base import CampaignSlug, ClientId
from models.states import Arm, EnrolmentState, OutreachState
from store.sql.bulk import among
from store.tables import enrolments, outreaches, standings

_E = enrolments.c
_O = outreaches.c
_M: Final = outreaches.alias("of_phase").c
_MAILED: Final = select(
    _M.campaign,
    _M.client_id,
    _M.reason_key.label("entry"),
    case((_M.state.in_(sorted(SETTLED)), EnrolmentState.COMPLETED.value), else_=EnrolmentState.IN_STEP.value).label(
        "state"
    ),
    literal("").label("code"),
    literal(Arm.TREATED.value).label("arm"),
    _M.created_at.label("at"),
    _M.n,
).subquery("mailed")
"""The mails of sequences of the lifecycle, as if each were a place in them."""
_WITH_MAIL: Final = enrolments.outerjoin(outreaches, and_(_O.client_id == _E.client_id, _O.n == _E.n))
_DROPPED: Final = (OutreachState.SUPPRESSED, OutreachState.REJECTED, OutreachState.EXPIRED)


def _build_state(e: Any) -> ColumnElement[str]:
    """Build the state as people see it: a mail that failed or was dropped says more than that its step is over."""
    in_mail = e.state.in_((EnrolmentState.IN_STEP, EnrolmentState.COMPLETED))
    return case(
        (and_(in_mail, _O.state.in_((OutreachState.FAILED, OutreachState.UNKNOWN))), EnrolmentState.FAILED.value),
        (and_(in_mail, _O.state.in_(_DROPPED)), EnrolmentState.DROPPED.value),
        (and_(in_mail, _O.state.in_((OutreachState.SCHEDULED, *sorted(ASIDE)))), EnrolmentState.WAITING.value),
        else_=e.state,
    )


_STATE: Final = _build_state(_E)


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
    of_phase: bool = False,
    state: EnrolmentState | None = None,
    code: str = "",
    client_ids: tuple[ClientId, ...] = (),
    after: ClientId = "",
    limit: int = 1_000,
) -> list[PersonRow]:
    """List the clients of a campaign after `after`, in the order of their ids: all, or those in a state, with a code,
    or of these ids. The last one comes with all their places, beyond `limit` too. Of a sequence of the lifecycle
    (`of_phase`), where nobody has a place, each mail stands for one."""
    e: Any = _MAILED.c if of_phase else _E
    query = _PEOPLE_OF_PHASE if of_phase else _PEOPLE
    query = query.where(e.campaign == slug, e.client_id > after)
    if state is not None:
        query = query.where(_build_state(e).in_([state.value]))
    if code:
        query = query.where((_O.code == code) | ((e.code == code) & (_O.code.is_(None) | (_O.code == ""))))
    if client_ids:
        query = query.where(among(connection, e.client_id, client_ids))
    query = query.order_by(e.client_id, e.entry)
    rows = list(connection.execute(query.limit(limit)))
    if len(rows) == limit:
        rows += connection.execute(query.where(e.client_id == rows[-1].client_id, e.entry > rows[-1].entry))
    return [_parse_person(row) for row in rows]


def count_states(connection: Connection, slug: CampaignSlug) -> dict[str, int]:
    """Count the clients of a campaign by the state as people see it."""
    query = select(_STATE, func.count()).select_from(_WITH_MAIL).where(_E.campaign == slug).group_by(_STATE)
    return {row[0]: row[1] for row in connection.execute(query)}


def _select_people(e: Any, joined: Any) -> Select[Any]:
    with_plan = joined.outerjoin(standings, standings.c.client_id == e.client_id)
    places = (e.client_id, e.entry, e.state, e.code, e.arm, e.at, e.n, _build_state(e).label("seen_as"))
    mails = (
        _O.state.label("mail_state"),
        _O.code.label("mail_code"),
        _O.send_at,
        _O.created_at.label("mail_created_at"),
        _O.updated_at.label("mail_at"),
    )
    return select(*places, *mails, standings.c.why_not, standings.c.next_touch_at).select_from(with_plan)


_PEOPLE: Final = _select_people(_E, _WITH_MAIL)
_PEOPLE_OF_PHASE: Final = _select_people(
    _MAILED.c, _MAILED.join(outreaches, and_(_O.client_id == _MAILED.c.client_id, _O.n == _MAILED.c.n))
)


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
