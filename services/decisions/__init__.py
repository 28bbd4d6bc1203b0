"""Ask a slot's algorithms and keep what they answered."""
