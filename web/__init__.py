"""The web: an API for machines and pages for people."""
