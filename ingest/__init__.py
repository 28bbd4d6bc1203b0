"""Real input: files and requests become rows that are held to the models, each bad one named with its reason."""
