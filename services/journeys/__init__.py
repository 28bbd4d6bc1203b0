"""Campaigns of several steps: who enters, where each client stands, and what comes next."""
