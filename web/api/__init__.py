"""Routes for machines: JSON in, JSON out, an API key in the header."""
