"""Recommendations for pages: answered from memory, whatever the database does."""
