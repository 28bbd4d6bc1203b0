"""Choose items for a client, and order a page for a visitor."""
