"""The order of what a visitor sees, learnt from what visitors did with what they were shown."""
