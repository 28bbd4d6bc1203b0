"""The steps of one mail."""
