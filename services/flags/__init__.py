"""Flags: save, start and stop them, ask them of a page, and read what they showed."""
