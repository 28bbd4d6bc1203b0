"""One entry as a line for people."""

from __future__ import annotations

from models.suppressions import SuppressionEntry


def format_entry(entry: SuppressionEntry) -> str:
    """Format an entry: hash, reason, since when, by whom, why, and who carries the mailbox."""
    state = f"lifted {entry.lifted_at:%Y-%m-%d}" if entry.lifted_at else f"since {entry.at:%Y-%m-%d}"
    words = [f"{entry.address_hash}  {entry.reason:<12}  {state}"]
    if entry.clients:
        words.append(f"clients {', '.join(entry.clients)}")
    if entry.by:
        words.append(f"by {entry.by}{': ' + entry.note if entry.note else ''}")
    return "  ".join(words)
