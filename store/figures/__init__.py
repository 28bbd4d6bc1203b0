"""Figures of the shop by day: counted from what happened, and kept."""
