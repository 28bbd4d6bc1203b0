"""The web process: an API for machines and pages for people."""
