"""Evaluation from what is on record: answers compared, algorithms asked again, experiments as tables."""
