"""Segments and their clients as lines for people."""

from __future__ import annotations

from commands.shared.output import strip_control_characters
from models.segment_answers import Segment, SegmentMember


def format_member(member: SegmentMember) -> str:
    """Format a client: id, phase, score, orders and their value, last order, tags."""
    score = "" if member.score is None else f"score {member.score:.0f}"
    last = f"last {member.last_order_at:%Y-%m-%d}" if member.last_order_at else "no order"
    tags = strip_control_characters(", ".join(member.tags))
    phase = member.phase or "not assessed"
    figures = f"{score:<9}  {member.orders:>3} orders  {member.value:>10,.2f}  {last:<15}"
    return f"{member.client_id:<16}  {phase:<12}  {figures}  {tags}".rstrip()


def format_segment(segment: Segment) -> str:
    """Format a segment in a list: slug, clients, owner, name, filter."""
    clients = "not counted" if segment.clients is None else f"{segment.clients:,}"
    name = "" if segment.name == segment.slug else f"{segment.name}: "
    return f"{segment.slug:<24}  {clients:>11}  {segment.owner:<12}  {strip_control_characters(name + segment.text)}"
