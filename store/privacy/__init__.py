"""Queries for export and erasure."""
