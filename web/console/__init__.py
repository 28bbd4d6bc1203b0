"""Pages for people: the console."""
