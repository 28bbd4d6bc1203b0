"""What a person who opens the console is to know first: what needs them, and what changed."""
