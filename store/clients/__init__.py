"""Queries about clients: what they did, their phase and score, and what holds their mail."""
