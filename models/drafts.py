"""Drafts that await a person: what the desk shows of one, and what a person may do to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from models.base import CampaignSlug, ClientId, Contract, StrictInput
from models.fixes import By
from models.mail import Issue
from models.model_call import CallRecord
from models.states import OutreachState, TouchKind

DraftId: TypeAlias = str
"""The client's id, a colon, and the number of the mail: `ann:3`."""
ReviewPolicy = Annotated[str, StringConstraints(pattern=r"^(none|all|sample:[1-9]\d{0,5})$")]
"""Which mails of a campaign or kind a person lets out: `none`, `all`, or the first so many (`sample:20`)."""
DraftVersion = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""Changes with the text, so that nobody decides on words that they have not read."""


class HoldReason(StrEnum):
    """Why a draft awaits a person."""

    REFUSED = "refused"
    """The reviewer says that no rewording would help."""
    SAMPLE = "sample"
    ALL = "all"


class DraftStage(StrEnum):
    """How long a draft has waited, in steps."""

    FRESH = "fresh"
    REMINDED = "reminded"
    ESCALATED = "escalated"


class DraftVerdict(StrEnum):
    """What became of a draft at the desk."""

    APPROVE = "approve"
    REJECT = "reject"


class DraftFault(Contract):
    """One thing that a draft may not say. `sentence`: its number, 0 for the draft as a whole; `what` names the
    word, and `word` is that word alone where there is one."""

    sentence: int = 0
    where: str
    code: str
    what: str
    word: str = ""


class DraftSentence(Contract):
    """A sentence of a draft: its number, from 1, the field that it stands in, and its words."""

    number: int
    where: str
    text: str


class SentenceChange(StrictInput):
    """Other words for a sentence; none remove it."""

    sentence: int = Field(ge=1, le=100)
    text: str = Field(max_length=600)


class DraftCheck(StrictInput):
    """Changes to try on a draft; nothing is saved."""

    changes: tuple[SentenceChange, ...] = Field(default=(), max_length=100)


class DraftCheckResult(Contract):
    """The draft with the changes, and what is wrong with it; no faults: it may be saved."""

    sentences: tuple[DraftSentence, ...]
    faults: tuple[DraftFault, ...] = ()


class DraftClaim(StrictInput):
    """Who works on a draft from now on."""

    by: By = ""


class DraftEdit(StrictInput):
    """Other words for sentences of a draft. `version`: of the text that they change; left out: whatever stands."""

    by: By = ""
    version: DraftVersion | None = None
    changes: tuple[SentenceChange, ...] = Field(min_length=1, max_length=100)


class DraftDecision(StrictInput):
    """A person's decision. `alike`: also on all waiting drafts of the same campaign, kind and text, but for names."""

    verdict: DraftVerdict
    by: By = ""
    reason: str = Field(default="", max_length=120)
    version: DraftVersion | None = None
    alike: bool = False

    @model_validator(mode="after")
    def _require_reason(self) -> Self:
        if self.verdict is DraftVerdict.REJECT and not self.reason:
            raise ValueError("reason: say in a few words why it is rejected")
        return self


class DraftEntry(Contract):
    """A draft in a list. Times are business time, but for `claimed_until`."""

    draft_id: DraftId
    client_id: ClientId
    first_name: str = ""
    n: int
    kind: TouchKind
    campaign: CampaignSlug | None
    why: HoldReason
    stage: DraftStage
    subject: str
    since: datetime
    until: datetime
    """Nobody's decision by then rejects it."""
    alike: int = 1
    """Waiting drafts of the same campaign, kind and text, this one included."""
    claimed_by: str = ""
    claimed_until: datetime | None = None
    """Real time."""


class DraftEditRecord(Contract):
    """An edit that was saved."""

    by: str
    at: datetime


class DraftView(DraftEntry):
    """A draft whole, with what it was written from, and what became of it."""

    state: OutreachState
    code: str
    version: DraftVersion
    composed_by: Literal["house", "model", "person"]
    sentences: tuple[DraftSentence, ...]
    faults: tuple[DraftFault, ...] = ()
    remarks: tuple[Issue, ...] = ()
    """The reviewer's."""
    facts: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    message: str = ""
    offer: str = ""
    """The offer that the mail states in a block of its own, and its code."""
    edits: tuple[DraftEditRecord, ...] = ()
    verdict: DraftVerdict | None = None
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


class DraftList(Contract):
    """Drafts, those that wait longest first; `waiting`: how many wait in all."""

    drafts: tuple[DraftEntry, ...]
    waiting: int


class DraftTranscript(Contract):
    """The calls of models that were made for a draft, in their order."""

    calls: tuple[CallRecord, ...]


class DraftDecided(Contract):
    """What a decision did: on which drafts it was carried out, and which it left alone, with the reason."""

    verdict: DraftVerdict
    decided: tuple[DraftId, ...]
    left: dict[DraftId, str] = Field(default_factory=dict)
