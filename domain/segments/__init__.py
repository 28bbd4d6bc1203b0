"""Filters of clients: read from text, written as text, said in a sentence, evaluated in memory."""
