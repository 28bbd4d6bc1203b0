"""The steps of one Fix."""
