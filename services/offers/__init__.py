"""Offers: create, approve and retire them."""
