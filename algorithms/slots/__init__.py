"""The data-science plug-in point: whatever an algorithm does, the product gets a valid answer in time."""
