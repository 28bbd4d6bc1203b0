"""Flags and assignments: who is in which arm of what."""
