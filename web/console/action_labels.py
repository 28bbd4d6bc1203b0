"""What people did, in words, for the codes of the Activity log."""

from __future__ import annotations

from typing import Final

DONE_ACTIONS: Final[dict[str, str]] = {
    "client.save": "Client saved",
    "client.tag": "Client tagged",
    "client.pause": "Mail to a client paused",
    "client.resume": "Mail to a client resumed",
    "client.set_policy": "Wishes of a client set",
    "client.leave_list": "Client left the list",
    "client.stay_on_list": "Client stayed on the list",
    "client.answer_quiz": "Client took the style quiz",
    "client.change_consent": "Client changed their consent",
    "client.erase": "Erasure of a client requested",
    "client.export": "Data of a client exported",
    "campaign.create": "Campaign created",
    "campaign.pause": "Campaign paused",
    "campaign.resume": "Campaign resumed",
    "campaign.adjust": "Campaign adjusted",
    "campaign.end": "Campaign ended",
    "mail.decide": "Draft decided",
    "mail.claim": "Draft claimed",
    "mail.edit": "Draft changed",
    "mail.resolve": "Unknown mail settled",
    "mail.suppress": "Address suppressed",
    "mail.take_return": "Returned mail taken in",
    "call.decide": "Call reported",
    "fix.request": "Fix requested",
    "fix.decide": "Fix decided",
    "fix.cancel": "Fix cancelled",
    "wave.start": "Wave of Fixes begun",
    "slot.set_policy": "Algorithm's policy changed",
    "model.train": "Model trained",
    "model.promote": "Model promoted",
    "refresh.start": "Nightly training begun",
    "data.import_file": "File imported",
    "data.export_list": "List of clients exported",
    "data.accept_events": "Events taken in",
    "data.replace_goods": "Catalogue or stock replaced",
    "data.start_clients": "Imported clients started",
}
