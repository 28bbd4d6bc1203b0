"""The science that anyone may replace: slots, the registry and the built-in algorithms."""
