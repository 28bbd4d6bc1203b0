"""What the answers of a slot were, what others would have answered, and what came of it."""
