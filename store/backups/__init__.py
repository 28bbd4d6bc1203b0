"""Copies of the whole store, and what of it must outlive its loss."""
