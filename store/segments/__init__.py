"""Filters of clients as SQL, saved segments and custom attributes."""
