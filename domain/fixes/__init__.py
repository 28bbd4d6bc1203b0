"""What may go into a Fix, what its note asks for, and the states that it goes through."""
