"""The lifecycle's sequences as they come with the program, for tests without a database."""

from __future__ import annotations

from domain.phases import PhaseState, build_episode_key
from domain.sequences import PhaseSequence, SequenceVersion
from models.base import utc
from models.campaign_definition import CampaignDefinition
from models.phase_entry import PhaseEntry
from models.states import CampaignState, Phase, TouchKind
from store.campaigns.shipped import read_shipped


def build_sequence(definition: CampaignDefinition) -> tuple[Phase, PhaseSequence]:
    """Build the sequence of a definition that runs and never had another version."""
    assert isinstance(definition.entry, PhaseEntry)
    version = SequenceVersion(definition, utc(2020))
    return Phase(definition.entry.phase), PhaseSequence(definition.slug, CampaignState.RUNNING, (version,))


SHIPPED = dict(map(build_sequence, read_shipped()))


def build_key(kind: TouchKind, state: PhaseState) -> str:
    """Build the key of a shipped sequence's mail of this kind: its step is called like it."""
    return str(kind) if kind is TouchKind.WELCOME else f"{kind}:{build_episode_key(state)}"


KINDS = {phase: [mail.kind for mail in one.versions[0].mails] for phase, one in SHIPPED.items()}
