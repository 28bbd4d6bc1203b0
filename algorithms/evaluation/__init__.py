"""Algorithms that only evaluations and benchmarks use: baselines, simulations and models that nothing serves."""
