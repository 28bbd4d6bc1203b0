"""Reads real input: turns files and requests into validated rows, and names each bad one with its reason."""
