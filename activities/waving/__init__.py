"""The steps of a wave of Fixes: planned, ranked, assembled together, proposed; each step done twice is done once."""
