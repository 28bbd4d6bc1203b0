"""Those who write, review and schedule: one file each with its prompt, its output and one typed function."""
