"""Queries about campaigns and enrolments."""
