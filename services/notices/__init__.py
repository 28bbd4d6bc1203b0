"""Tell whoever is responsible what is wrong, by mail and webhook."""
