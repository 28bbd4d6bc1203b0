"""Reads what comes back for our mail: reports, complaints, answers of machines, and what providers post."""
