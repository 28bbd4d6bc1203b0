"""Queries about items and stock."""
