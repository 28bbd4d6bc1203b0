"""Pages for people: they read the store and change nothing."""
