"""Questions to a slot's algorithms, and the record of their answers."""
