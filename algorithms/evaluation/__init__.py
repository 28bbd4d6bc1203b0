"""Evaluations, and the baselines, simulations and models that only they, commands over files and benchmarks use."""
