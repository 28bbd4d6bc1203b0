"""Queries about models, decisions and nightly training."""
