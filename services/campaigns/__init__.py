"""Run campaigns: enrol, drain, pause and end."""
