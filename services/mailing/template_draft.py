"""Write a draft with the template writer: approved copy, the same every time."""

from __future__ import annotations

from agents import template_writer
from domain.grounding import find_violations
from errors import ModelFault
from models.mail import Brief, EmailDraft


def write_draft(brief: Brief) -> EmailDraft:
    """Write the draft from templates. Raises ModelFault for one that is not grounded: no such mail leaves, whoever
    wrote it."""
    draft = template_writer.compose_draft(brief)
    wrong = find_violations(draft, brief)
    if wrong:
        raise ModelFault(f"the draft breaks {wrong[0].code}")
    return draft
