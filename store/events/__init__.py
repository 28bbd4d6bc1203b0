"""Events in, and nudges out."""
