"""Whether a client is in the audience of a campaign now."""

from __future__ import annotations

from typing import NamedTuple

from models.campaign import Audience
from models.states import Phase


class Membership(NamedTuple):
    """What an audience asks of a client."""

    phase: Phase | None = None
    tags: tuple[str, ...] = ()

    def is_in(self, audience: Audience) -> bool:
        """Return whether the client is in an audience."""
        in_phase = not audience.phases or self.phase in audience.phases
        return in_phase and set(audience.tags) <= set(self.tags)
