"""Which items each client takes next: algorithms of one shape, on plain arrays."""
