"""Compare the algorithms of a slot: what each answered, what the others would have answered, and what followed."""
