"""Anonymous visits."""
