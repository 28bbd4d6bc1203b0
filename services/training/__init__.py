"""Train models from the store: measure on the latest data, fit to everything, save, and let serve."""
