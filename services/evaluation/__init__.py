"""What is on record, judged: answers compared, algorithms asked again, experiments as tables."""
