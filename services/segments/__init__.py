"""Segments: check, count, show and save filters of clients."""
