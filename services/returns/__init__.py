"""Take in what comes back for our mail, and show what a person is to read."""
