"""The verbs of `selvedge`, one file each; imported only when asked for."""
