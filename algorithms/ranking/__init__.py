"""Algorithms that predict which items each client takes next. All have one interface and work on plain arrays."""
