"""Recommendations for a client, and the order of a page for a visitor."""
