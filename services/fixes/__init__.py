"""Propose, decide, ship and settle Fixes; replay boxes and waves."""
