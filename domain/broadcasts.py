"""Which campaigns go out in parts, many clients in one step, and how large the parts are."""

from __future__ import annotations

from typing import Final

from domain.review_policy import NONE
from models.campaign import CampaignSpec
from models.campaign_definition import CampaignDefinition, NowEntry, TimeEntry

BROADCAST: Final = "broadcast"
"""The code of an enrolment that waits for the next part; without it the client's own workflow mails."""
FROM: Final = 50
"""So many clients let in at once make a broadcast; fewer are no more work for their own workflows."""
PART: Final = 100
"""Clients in one part."""
LANES: Final = 4
"""Parts under way at once, of all campaigns together."""


def may_broadcast(spec: CampaignSpec, definition: CampaignDefinition | None, composer: str) -> bool:
    """Return whether a campaign's mails may be written and sent in parts: one mail, for which the audience enters at
    once or at a set time, written by templates, and let out by nobody. `definition`: of one in steps."""
    if composer != "house" or spec.review != NONE:
        return False
    if definition is None:
        return True
    mail = definition.steps[0].mail if len(definition.steps) == 1 else None
    enters = isinstance(definition.entry, NowEntry | TimeEntry)
    return mail is not None and enters and mail.review in (None, NONE)


def count_lanes(waiting: int, broadcasts: int) -> int:
    """Count the parts that a campaign may have under way at once. `waiting`: its clients that wait for one;
    `broadcasts`: campaigns that have such clients."""
    return min(-(-waiting // PART), max(1, LANES // max(1, broadcasts)))


def share_pace(per_second: float, broadcasts: int) -> float:
    """Return the mails a second that one part may begin, so that all parts of all campaigns keep to `per_second`."""
    return per_second / max(LANES, broadcasts)
