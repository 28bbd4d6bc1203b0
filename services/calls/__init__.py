"""Record what stylists report on their calls."""
