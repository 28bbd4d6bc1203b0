"""Assessments of clients: one by one, with what follows, and all at once for reports."""
