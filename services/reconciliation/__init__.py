"""Bring the store and Temporal together again: what should run and does not is found, told and started."""
