"""The steps of a wave of Fixes."""
