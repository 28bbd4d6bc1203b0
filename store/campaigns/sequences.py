"""The lifecycle's sequences as they stand: campaigns that mail a phase, with all versions that were published."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import Final, Literal

from sqlalchemy import Connection, String, cast, func, select

from domain.campaign_life import UNDER_WAY
from domain.sequences import PhaseSequence, Sequences, SequenceVersion
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition
from models.phase_entry import PhaseEntry
from models.states import CampaignState, Phase, VersionState
from store.tables import campaign_versions, campaigns

_c, _v = campaigns.c, campaign_versions.c
_UNDER_WAY: Final = (_c.sequence.is_not(None), _c.state.in_(sorted(UNDER_WAY)))
STAMP: Final = (
    select(func.aggregate_strings(_c.slug + ":" + _c.state + ":" + cast(_c.sequence, String), ","))
    .where(*_UNDER_WAY)
    .scalar_subquery()
)
"""The state and version of every sequence in one value. It is read with a client's file, so it costs no statement."""
_VERSIONS: Final = (
    select(_v.slug, _v.definition, _v.takeover, _v.moves, _v.updated_at)
    .join(campaigns, _c.slug == _v.slug)
    .where(*_UNDER_WAY, _v.state == VersionState.LIVE)
    .order_by(_v.slug, _v.version)
)


class SequenceReader:
    """Reads the sequences. It keeps what it read until one of them has another state or version. One for a database;
    safe from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: tuple[str, Sequences] = ("", {})

    def load(self, connection: Connection, stamp: str) -> Sequences:
        """Load the sequences that run or are paused, as they are where `stamp` is read."""
        with self._lock:
            held, sequences = self._held
        if held == stamp:
            return sequences
        read = _read(connection, stamp)
        with self._lock:
            self._held = (stamp, read)
        return read


def _read(connection: Connection, stamp: str) -> Sequences:
    versions: dict[CampaignSlug, list[SequenceVersion]] = defaultdict(list)
    for row in connection.execute(_VERSIONS):
        definition = CampaignDefinition.model_validate(row.definition)
        # A version does not change once it is live: its last change is when it was published.
        takeover: Literal["stay", "move"] = "move" if row.takeover == "move" else "stay"
        versions[row.slug].append(SequenceVersion(definition, row.updated_at, takeover, row.moves or {}))
    found: dict[Phase, PhaseSequence] = {}
    for one in stamp.split(",") if stamp else ():
        slug, state, _ = one.split(":")
        entry = versions[slug][-1].definition.entry
        if isinstance(entry, PhaseEntry):
            found[Phase(entry.phase)] = PhaseSequence(slug, CampaignState(state), tuple(versions[slug]))
    return found


def find_sequence(connection: Connection, phase: Phase, except_slug: CampaignSlug) -> CampaignSlug | None:
    """Find the campaign other than `except_slug` that mails a phase, running or paused."""
    sequence = _read(connection, connection.scalar(select(STAMP)) or "").get(phase)
    return sequence.campaign if sequence is not None and sequence.campaign != except_slug else None


def find_paused(connection: Connection, phase: Phase) -> CampaignSlug:
    """Find the campaign that mails a phase, where it is paused; empty where none is."""
    sequence = _read(connection, connection.scalar(select(STAMP)) or "").get(phase)
    return sequence.campaign if sequence is not None and sequence.state is CampaignState.PAUSED else ""


def lock_sequences(connection: Connection) -> None:
    """Lock the sequences that there ever were, so that of two which start for one phase the second sees the first."""
    connection.execute(select(_c.slug).where(_c.sequence.is_not(None)).order_by(_c.slug).with_for_update())


def list_unbegun(connection: Connection) -> list[CampaignSlug]:
    """List the sequences that run and whose workflow was never asked for."""
    running = (_c.sequence.is_not(None), _c.state == CampaignState.RUNNING, _c.looked_at.is_(None))
    return list(connection.scalars(select(_c.slug).where(*running).order_by(_c.slug)))
