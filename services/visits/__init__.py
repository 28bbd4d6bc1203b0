"""Anonymous visits: their own short memory, until somebody signs in."""
