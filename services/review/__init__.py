"""The desk: drafts that await a person, and what a person does to them."""
