"""Whether a garment in a size will fit a client: small, fit or large, from what clients said of others."""
