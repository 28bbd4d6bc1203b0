"""Offers of the shop."""
