"""Queries about clients: what they did, where they stand, what holds their mail."""
