"""Queries about incoming events, and nudges to workflows."""
