"""Erase a client: stop what is under way, then delete what is stored."""
