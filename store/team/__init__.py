"""Accounts of staff, their sign-ins, and the keys of programs."""
