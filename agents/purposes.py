"""What each kind of mail is for, as told to the writer and the reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.states import TouchKind

PURPOSE: Final[Mapping[TouchKind, str]] = {
    TouchKind.WELCOME: "Welcome a new client and show a first selection.",
    TouchKind.QUIZ: "Invite the client to take the short style quiz, so that selections fit better.",
    TouchKind.MISSED: "Pick up from what the client last chose, and show what goes with it.",
    TouchKind.NEW_IN: "Show what the client would see first today; new arrivals if a fact names one.",
    TouchKind.STYLIST: "A short personal edit: few pieces, and why these for this client.",
    TouchKind.WIN_BACK: "One calm invitation to look in again after a long silence. No reproach, no pressure.",
    TouchKind.WON_BACK: "Thank a client who came back, and show what goes with the latest order.",
    TouchKind.CAMPAIGN: "Carry the campaign's message, in the light of what this client likes.",
}
