"""The order of what a visitor sees, learnt from what visitors did with the pages they were shown."""
