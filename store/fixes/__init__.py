"""Queries about Fixes: requests, boxes, reserved units, feedback, waves."""
