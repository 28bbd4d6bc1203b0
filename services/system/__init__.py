"""What operators see of the running system."""
