"""Measurements: `make bench` writes bench/results.json."""
