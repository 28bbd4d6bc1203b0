"""Save clients, and hold, release and adjust their mail."""
