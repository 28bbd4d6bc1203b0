"""Accounts of staff, sign-in, and the keys of programs."""
