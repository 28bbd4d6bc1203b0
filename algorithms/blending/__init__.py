"""The built-in ranking: a score of several parts, computed for all items at once."""
