"""Models learnt from the store: measured on what came last, learnt from everything, kept, and let serve."""
