"""The fit model: whether a garment in a size is too small, fits or is too large for a client."""
