"""Statistics of outcomes: lifts, intervals, sample sizes, off-policy estimates. Pure: arrays in, numbers out."""
