"""The rules of the business that hold whichever algorithm runs. Pure: `now` and `rng` are arguments."""
