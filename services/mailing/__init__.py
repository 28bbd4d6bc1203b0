"""Prepare, check and settle one mail."""
