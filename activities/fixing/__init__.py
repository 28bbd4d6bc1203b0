"""The steps of a Fix: each loads where it stands, does one thing, and saves; done twice is done once."""
