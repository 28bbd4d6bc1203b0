"""Endpoints of other systems, and the messages to them."""
