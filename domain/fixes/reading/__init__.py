"""Read the note of a client into wishes, by rules: words from data files, one a language, and a grammar they share."""
