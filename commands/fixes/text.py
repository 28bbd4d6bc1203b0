"""How a moment of a Fix is written."""

from __future__ import annotations

from datetime import UTC, datetime


def format_moment(at: datetime) -> str:
    """Format a moment as UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
