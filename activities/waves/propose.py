"""Propose the boxes of one part, each in a transaction of its own."""

from __future__ import annotations

from contextlib import suppress

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from errors import NotFound
from models.waves import WaveStep, WaveTurn
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes import wave_proposal
from store.database import read_transaction, write_transaction


class WaveProposalSteps:
    """The step that proposes the boxes of one part."""

    def __init__(self, context: ServiceContext, decider: Decider) -> None:
        self._context, self._decider = context, decider

    @declare_activity()
    def propose_wave_part(self, step: WaveStep) -> WaveTurn:
        """Hold and propose each box and nudge its Fix. A box whose units went to others since is assembled anew
        alone."""
        with read_transaction(self._context.engine) as connection:
            boxes = wave_proposal.load_boxes(connection, step.wave, step.part)
        with send_heartbeats():
            for fix_id, box in boxes.items():
                with (
                    suppress(NotFound),
                    write_transaction(self._context.engine) as connection,
                ):  # its client was erased since
                    _, now = self._context.load_business_time(connection, step.at)
                    wave_proposal.propose_assembled(
                        self._context, self._decider, connection, step.wave, fix_id, box, now
                    )
        return WaveTurn(parts=1)
