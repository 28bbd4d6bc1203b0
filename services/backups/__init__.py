"""Backups of the store, keys and models, and the way back: encrypted archives, and a register of the time since."""
