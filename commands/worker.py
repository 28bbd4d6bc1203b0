"""`selvedge worker`: the same as `python worker.py`."""

from __future__ import annotations

from worker import command

__all__ = ["command"]
