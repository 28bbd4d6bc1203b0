"""Uplift: policies learnt from an experiment, and how well they rank the clients whom a treatment moves."""
