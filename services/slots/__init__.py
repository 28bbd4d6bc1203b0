"""Change who answers a slot."""
