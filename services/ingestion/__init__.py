"""Take in events and files."""
