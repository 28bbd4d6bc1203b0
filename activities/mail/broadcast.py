"""Send one part of a campaign: many clients in one step."""

from __future__ import annotations

from activities.declaration import declare_activity
from activities.mail.send import send_heartbeats
from models.broadcasts import BroadcastDone, BroadcastStep
from services.broadcasts.broadcaster import Broadcaster


class BroadcastSteps:
    """The step that sends a part."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self._broadcaster = broadcaster

    @declare_activity("broadcast")
    async def send_part(self, step: BroadcastStep) -> BroadcastDone:
        """Send the next part of a campaign that goes out in parts; nobody is taken twice.

        Raises MailFault while no mail can be handed over.
        """
        async with send_heartbeats():
            return await self._broadcaster.send_part(step)
