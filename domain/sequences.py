"""Read the lifecycle's sequences: which mail the campaign of a client's phase calls for next, by which version of it.

The campaigns are rows (`on: phase`, docs/lifecycle.md). A client has no place in them: what was sent is known from the
keys of their mails, and the version from the moment at which their phase began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from domain.journeys.contents import MailText, build_mail_content, choose_variant
from domain.journeys.places import KEY, find_step
from domain.phases import PhaseState, build_episode_key
from models.base import CampaignSlug, ClientId
from models.campaign_definition import CampaignDefinition
from models.journey_steps import END, JourneyStep, MailContent, StepId
from models.states import CampaignState, Phase, TouchKind


@dataclass(frozen=True)
class SequenceMail:
    """A mail of a sequence, `after` so long in the phase."""

    step: JourneyStep
    kind: TouchKind
    after: timedelta

    def build_key(self, state: PhaseState) -> str:
        """Build the key of its trigger: one for ever for a welcome, one a stay in the phase for all others."""
        return self.step.id if self.kind is TouchKind.WELCOME else f"{self.step.id}:{build_episode_key(state)}"


@dataclass(frozen=True)
class SequenceVersion:
    """One version of a sequence, published at `since`. Who came into the phase before stays with theirs or moves;
    `moves`: where those go whose next mail is no more."""

    definition: CampaignDefinition
    since: datetime
    takeover: Literal["stay", "move"] = "stay"
    moves: Mapping[StepId, StepId] | None = None

    @cached_property
    def mails(self) -> tuple[SequenceMail, ...]:
        """Its mails, in their order."""
        found, after = [], timedelta()
        for step in self.definition.steps:
            after += step.wait or timedelta()
            if step.mail is not None:
                found.append(SequenceMail(step, step.mail.kind, after))
        return tuple(found)

    def find_index(self, step: StepId) -> int | None:
        """Find which of the mails a step is; None for one that it does not have."""
        return next((index for index, mail in enumerate(self.mails) if mail.step.id == step), None)


@dataclass(frozen=True)
class PhaseSequence:
    """The campaign that mails a phase, and its versions in their order."""

    campaign: CampaignSlug
    state: CampaignState
    versions: tuple[SequenceVersion, ...]


Sequences = Mapping[Phase, PhaseSequence]
"""The sequences that are switched on or paused, by the phase that they are for."""


@dataclass(frozen=True)
class ScheduledMail:
    """A mail that a phase calls for. `key` names its trigger; one trigger gets one mail, ever."""

    campaign: CampaignSlug
    definition: CampaignDefinition
    mail: SequenceMail
    key: str
    due_at: datetime

    @property
    def kind(self) -> TouchKind:
        """The kind of mail."""
        return self.mail.kind

    def build_content(self, client_id: ClientId) -> MailContent | None:
        """Build what its step says of this client's mail."""
        if self.mail.step.mail is None:
            return None
        text = MailText(self.mail.step, choose_variant(self.definition, self.mail.step, client_id))
        content = build_mail_content(self.definition, text, None)
        # A campaign that asks for no person's eye leaves that to the setting for the kind of mail.
        return content.model_copy(update={"review": None}) if content.review == "none" else content


def is_of_sequence(key: str) -> bool:
    """Return whether the key of a mail is that of a sequence, not of a place in a campaign."""
    return not key.startswith(KEY)


def read_step(key: str) -> StepId:
    """Read the name of the step from the key of a campaign's mail."""
    return key.partition(":")[0] if is_of_sequence(key) else key.rpartition(":")[2]


def choose_next_mail(
    sequence: PhaseSequence | None,
    state: PhaseState,
    answered_at: Mapping[str, datetime],
    skipped: Collection[TouchKind],
) -> ScheduledMail | None:
    """Choose the first mail of the phase's sequence whose trigger is still open; None when the sequence is done or
    paused. Kinds in `skipped` are left out: a quiz that was answered, and what the client does not want.

    `answered_at` maps the keys of answered triggers to when that was. A mail keeps the sequence's spacing to the one
    before it, so that a sequence delayed by a pause does not arrive in a burst.
    """
    if sequence is None or sequence.state is CampaignState.PAUSED:
        return None
    stay = _PhaseStay(state, answered_at, skipped)
    found = _choose_version(sequence.versions, stay)
    if found is None:
        return None
    version, first = found
    mail = next(stay.list_open(version, first), None)
    if mail is None:
        return None
    due_at = stay.compute_due(version, mail)
    return ScheduledMail(sequence.campaign, version.definition, mail, mail.build_key(state), due_at)


@dataclass(frozen=True)
class _PhaseStay:
    """One client's stay in a phase, and what of the sequence is behind them."""

    state: PhaseState
    answered_at: Mapping[str, datetime]
    skipped: Collection[TouchKind]

    def list_open(self, version: SequenceVersion, first: int) -> Iterator[SequenceMail]:
        """List the mails of a version from the one numbered `first` on that are still to come."""
        for mail in version.mails[first:]:
            if mail.kind not in self.skipped and mail.build_key(self.state) not in self.answered_at:
                yield mail

    def find_last(self, version: SequenceVersion) -> int | None:
        """Find the last mail of a version that is behind the client."""
        behind = [k for k, mail in enumerate(version.mails) if mail.build_key(self.state) in self.answered_at]
        return behind[-1] if behind else None

    def is_through(self, version: SequenceVersion, first: int, at: datetime) -> bool:
        """Return whether nothing of a version was open at `at`."""
        before = {key: moment for key, moment in self.answered_at.items() if moment <= at}
        return next(_PhaseStay(self.state, before, self.skipped).list_open(version, first), None) is None

    def compute_due(self, version: SequenceVersion, mail: SequenceMail) -> datetime:
        """Compute when a mail is due: so long after the phase began, and its spacing after the last one before it."""
        due = self.state.since + mail.after
        before = [
            (self.answered_at[key], one.after)
            for one in version.mails[: version.mails.index(mail)]
            if one.kind not in self.skipped and (key := one.build_key(self.state)) in self.answered_at
        ]
        return max(due, before[-1][0] + mail.after - before[-1][1]) if before else due


def _choose_version(versions: Sequence[SequenceVersion], stay: _PhaseStay) -> tuple[SequenceVersion, int] | None:
    """Choose the version by which the client goes, and the first of its mails that may come; None where they were
    through before the version came to which they would have moved."""
    since = stay.state.since
    own_index = max((k for k, version in enumerate(versions) if version.since <= since), default=0)
    own, first = versions[own_index], 0
    for later in versions[own_index + 1 :]:
        if later.takeover != "move":
            continue
        if stay.is_through(own, first, later.since):
            return None
        first = _find_first(own, later, stay, first)
        own = later
    return own, first


def _find_first(own: SequenceVersion, new: SequenceVersion, stay: _PhaseStay, first: int) -> int:
    """Find the first mail of `new` for a client who moves to it: the one after their last, else what stands for their
    next. No mail is gone back to."""
    last = stay.find_last(own)
    if last is None and first == 0:
        return 0
    if last is not None and (index := new.find_index(own.mails[last].step.id)) is not None:
        return index + 1
    following = next(stay.list_open(own, first), None)
    left = own.mails[own.mails.index(following) :] if following is not None else ()
    for mail in left:
        stated = (new.moves or {}).get(mail.step.id, mail.step.id)
        if stated != END and find_step(new.definition, stated) is None:
            continue
        return len(new.mails) if stated == END else _count_mails_before(new, stated)
    return len(new.mails)


def _count_mails_before(version: SequenceVersion, target: StepId) -> int:
    """Count the mails that stand before a step."""
    steps = version.definition.steps
    place = next(index for index, step in enumerate(steps) if step.id == target)
    return sum(1 for step in steps[:place] if step.mail is not None)
