"""Whom a treatment moves: policies learnt from an experiment, and how well they find those clients."""
