"""Requests to hosts that somebody else named, for whoever makes them."""
