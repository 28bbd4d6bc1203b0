"""Nouns: frozen contracts that cross boundaries. No I/O."""
