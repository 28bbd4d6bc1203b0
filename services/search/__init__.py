"""Searching the catalogue: the index in memory, how a query is read, and how what is found is ordered."""
