"""The steps of a nightly Refresh."""
