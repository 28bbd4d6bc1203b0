"""Routes for machines: JSON in, JSON out, a key in the header."""
