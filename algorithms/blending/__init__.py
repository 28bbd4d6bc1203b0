"""The house's own ranking: parts of a score, over all items at once."""
