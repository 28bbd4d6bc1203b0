"""The rules of Fixes: which items may go in, what the client's note asks for, swaps, and the states of a Fix."""
